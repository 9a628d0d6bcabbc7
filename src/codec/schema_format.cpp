#include "codec/schema_format.hpp"

#include <algorithm>
#include <string>

#include "troupe/base/ascii.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"

namespace troupe {
namespace {

bool is_date(std::string_view text) {
  return text.size() == 10 && parse_rfc3339(std::string(text) + "T00:00:00Z").has_value();
}

bool is_date_time(std::string_view text) { return parse_rfc3339(text).has_value(); }

bool is_uuid(std::string_view text) { return parse_uuid(text).has_value(); }

bool has_no_space(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && has_no_space(text);
}

/// RFC 3986: a scheme, a colon, and no space.
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text.front()) || !has_no_space(text)) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.'; });
}

struct Format {
  std::string_view name;
  bool (*keeps)(std::string_view text);
  std::string_view expected;
};

constexpr Format kFormats[] = {
    {"date", is_date, "a date, as in 2026-11-21"},
    {"date-time", is_date_time, "a time as RFC 3339 has it, as in 2026-11-21T01:02:03Z"},
    {"email", is_email, "an e-mail address"},
    {"uri", is_uri, "a URI with its scheme, as in https://shop.example/a"},
    {"uuid", is_uuid, "a UUID"},
};

}  // namespace

std::string_view breaks_format(std::string_view format, std::string_view text) {
  for (const Format& known : kFormats)
    if (known.name == format) return known.keeps(text) ? std::string_view() : known.expected;
  return {};
}

}  // namespace troupe
