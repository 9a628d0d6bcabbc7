#include "troupe/base/time.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

using namespace std::chrono;

/// Reads exactly `width` digits at `at` and moves past them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (!is_digit(text[at + i])) return std::nullopt;
    value = value * 10 + (text[at + i] - '0');
  }
  at += width;
  return value;
}

void put_digits(std::string& text, std::size_t at, std::size_t width, std::int64_t value) {
  for (; width-- > 0; value /= 10) text[at + width] = static_cast<char>('0' + value % 10);
}

bool take(std::string_view text, std::size_t& at, char expected) {
  if (at >= text.size() || text[at] != expected) return false;
  ++at;
  return true;
}

struct Unit {
  std::string_view name;
  double millis;
};
constexpr std::array<Unit, 6> kUnits = {
    {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {"y", 365.0 * 86400e3}}};
constexpr double kLongestMillis = 100.0 * 365 * 86400e3;

}  // namespace

std::string format_rfc3339(Timestamp at) {
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, time.hours().count());
  put_digits(text, 14, 2, time.minutes().count());
  put_digits(text, 17, 2, time.seconds().count());
  put_digits(text, 20, 3, time.subseconds().count());
  return text;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  const auto y = digits(text, at, 4);
  if (!y || !take(text, at, '-')) return std::nullopt;
  const auto mo = digits(text, at, 2);
  if (!mo || !take(text, at, '-')) return std::nullopt;
  const auto d = digits(text, at, 2);
  if (!d || at >= text.size() || (text[at] != 'T' && text[at] != 't' && text[at] != ' ')) return std::nullopt;
  ++at;
  const auto h = digits(text, at, 2);
  if (!h || !take(text, at, ':')) return std::nullopt;
  const auto mi = digits(text, at, 2);
  if (!mi || !take(text, at, ':')) return std::nullopt;
  const auto s = digits(text, at, 2);
  if (!s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;

  int ms = 0;
  if (take(text, at, '.')) {
    int scale = 100;
    if (at >= text.size() || !is_digit(text[at])) return std::nullopt;
    for (; at < text.size() && is_digit(text[at]); ++at, scale /= 10) ms += (text[at] - '0') * scale;
  }

  minutes offset{0};
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int sign = text[at++] == '+' ? 1 : -1;
    const auto oh = digits(text, at, 2);
    if (!oh || !take(text, at, ':')) return std::nullopt;
    const auto om = digits(text, at, 2);
    if (!om || *oh > 23 || *om > 59) return std::nullopt;
    offset = minutes(sign * (*oh * 60 + *om));
  } else {
    return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;

  const year_month_day date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + milliseconds(ms) - offset;
}

std::optional<Millis> parse_duration(std::string_view text) {
  double total = 0;
  bool plain_number = false;
  std::size_t at = 0;
  if (text.empty()) return std::nullopt;
  while (at < text.size()) {
    double amount = 0;
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), amount, std::chars_format::fixed);
    if (error != std::errc() || amount < 0 || plain_number) return std::nullopt;
    at = static_cast<std::size_t>(end - text.data());
    std::size_t unit_end = at;
    while (unit_end < text.size() && text[unit_end] >= 'a' && text[unit_end] <= 'z') ++unit_end;
    const std::string_view name = text.substr(at, unit_end - at);
    if (name.empty()) {  // seconds, and nothing else beside them
      if (total != 0) return std::nullopt;
      plain_number = true;
      total = amount * 1e3;
    } else {
      double millis = 0;
      for (const Unit& unit : kUnits)
        if (unit.name == name) millis = unit.millis;
      if (millis == 0) return std::nullopt;
      total += amount * millis;
    }
    at = unit_end;
  }
  if (!(total <= kLongestMillis)) return std::nullopt;
  return Millis(static_cast<std::int64_t>(total + 0.5));
}

std::string format_duration(Millis duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  const auto part = [&](std::int64_t millis, const char* name) {
    if (rest >= millis) text += std::to_string(rest / millis) + name;
    rest %= millis;
  };
  part(86'400'000, "d");
  part(3'600'000, "h");
  part(60'000, "m");
  part(1'000, "s");
  part(1, "ms");
  return text;
}

}  // namespace troupe
