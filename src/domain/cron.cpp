// Reads cron expressions; the grammar is in the header.
#include "troupe/domain/cron.hpp"

#include <array>
#include <charconv>
#include <string>

namespace troupe {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Macro {
  std::string_view name, expression;
};
constexpr std::array<Macro, 7> kMacros = {{{"@hourly", "0 * * * *"},
                                           {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"},
                                           {"@weekly", "0 0 * * 0"},
                                           {"@monthly", "0 0 1 * *"},
                                           {"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"}}};

constexpr std::string_view kFiveFields = "five fields: minute hour day-of-month month day-of-week";

struct Field {
  std::string_view name;
  int low, high;
  std::string_view allowed;
};
constexpr int kWeekday = 4;
constexpr std::array<Field, 5> kFields = {{{"minute", 0, 59, "0 to 59"},
                                           {"hour", 0, 23, "0 to 23"},
                                           {"day-of-month", 1, 31, "1 to 31"},
                                           {"month", 1, 12, "1 to 12 and JAN to DEC"},
                                           {"day-of-week", 0, 7, "0 to 7 (0 and 7 are Sunday) and SUN to SAT"}}};

struct Word {
  std::string_view text;
  std::size_t at = 0;  ///< in the expression
};

std::vector<Word> split(std::string_view text, std::string_view separators, std::size_t at) {
  std::vector<Word> words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && separators.find(text[i]) == std::string_view::npos) continue;
    words.push_back({text.substr(begin, i - begin), at + begin});
    begin = i + 1;
  }
  return words;
}

bool same_word(std::string_view text, std::string_view capitals) {
  if (text.size() != capitals.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] & ~0x20) != capitals[i]) return false;
  return true;
}

/// Reads one field. The first fault is kept.
class FieldReader {
 public:
  explicit FieldReader(std::size_t field) : number_(field), field_(kFields[field]) {}

  std::uint64_t read(const Word& word) {
    for (const Word& item : split(word.text, ",", word.at)) mark_item(item);
    if (number_ == kWeekday && (marks_ & (1U << 7)) != 0) marks_ = (marks_ | 1) & 0x7F;
    return marks_;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  void mark_item(const Word& item) {
    const auto slash = item.text.find('/');
    const Word range{item.text.substr(0, slash), item.at};
    int low = field_.low, high = number_ == kWeekday ? 6 : field_.high, step = 1;
    const auto dash = range.text.find('-');
    const bool is_range = range.text == "*" || dash != std::string_view::npos;
    if (slash != std::string_view::npos) {
      const Word text{item.text.substr(slash + 1), item.at + slash + 1};
      step = number(text.text).value_or(0);
      if (step < 1 || step > field_.high) fail(text, "a step is a number from 1 to " + std::to_string(field_.high));
      if (!is_range) fail(item, "a step needs * or a range before it, like */5 or 10-50/5");
    }
    if (dash != std::string_view::npos) {
      const Word last{range.text.substr(dash + 1), range.at + dash + 1};
      low = value({range.text.substr(0, dash), range.at});
      high = value(last);
      // FRI-SUN: the Sunday that ends a week.
      if (number_ == kWeekday && high == 0 && low > 0 && same_word(last.text, "SUN")) high = 7;
      if (low > high) fail(range, "the range runs backwards; write it as two, like 22-23,0-2");
    } else if (!is_range) {
      low = high = value(range);
    }
    if (error_) return;
    for (int mark = low; mark <= high; mark += step) marks_ |= std::uint64_t{1} << mark;
  }

  int value(const Word& word) {
    if (const auto given = number(word.text)) {
      if (*given < field_.low || *given > field_.high) fail(word, "");
      return *given;
    }
    const auto find = [&](const auto& names, int first) {
      for (std::size_t i = 0; i < names.size(); ++i)
        if (same_word(word.text, names[i])) return static_cast<int>(i) + first;
      return -1;
    };
    int found = -1;
    if (number_ == 3) found = find(kMonths, 1);
    if (number_ == kWeekday) found = find(kWeekdays, 0);
    if (found < 0) fail(word, word.text == "?" ? "? is not known here, write *" : "");
    return found;
  }

  /// Longer ones are out of every range.
  static std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.front() == '-' || fault != std::errc() || end != text.data() + text.size()) return {};
    return value;
  }

  void fail(const Word& word, std::string_view why) {
    if (error_) return;
    std::string message = std::string(field_.name) + ", character " + std::to_string(word.at + 1) + ": ";
    message += word.text.empty() ? "something is missing" : "\"" + std::string(word.text) + "\"";
    message += why.empty() ? " is not allowed" : " (" + std::string(why) + ")";
    message += "; allowed are " + std::string(field_.allowed) + ", lists (1,3), ranges (1-5) and steps (*/2)";
    error_ = Error{ErrorCode::validation_failed, std::move(message), false, {}};
  }

  const std::size_t number_;
  const Field& field_;
  std::uint64_t marks_ = 0;
  std::optional<Error> error_;
};

Error wrong(std::string message) { return {ErrorCode::validation_failed, std::move(message), false, {}}; }

Result<CronExpression> parse_macro(std::string_view text) {
  std::string known;
  for (const Macro& macro : kMacros) {
    if (macro.name == text) return parse_cron(macro.expression);
    known += (known.empty() ? "" : ", ") + std::string(macro.name);
  }
  return wrong("\"" + std::string(text) + "\" is not known; known are " + known);
}

/// By either field, some day always comes: each month has every day of the week.
bool ever_comes(const CronExpression& cron) {
  constexpr std::array<int, 12> kLongest = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!cron.needs_both_days) return true;
  for (int month = 1; month <= 12; ++month)
    if ((cron.months >> month & 1) != 0 && (cron.days & ((std::uint64_t{2} << kLongest[month - 1]) - 1)) != 0)
      return true;
  return false;
}

}  // namespace

Result<CronExpression> parse_cron(std::string_view text) {
  if (text.size() > kCronBytes) return wrong("has more than " + std::to_string(kCronBytes) + " bytes");
  std::vector<Word> words;
  for (const Word& word : split(text, " \t", 0))
    if (!word.text.empty()) words.push_back(word);
  if (words.empty()) return wrong("is empty; it has " + std::string(kFiveFields) + ", like 30 7 * * MON-FRI");
  if (words.front().text.front() == '@' && words.size() == 1) return parse_macro(words.front().text);
  if (words.size() != kFields.size())
    return wrong("has " + std::to_string(words.size()) + (words.size() == 1 ? " field" : " fields") +
                 "; it must have " + std::string(kFiveFields) + " (there are none for seconds or years)");

  std::array<std::uint64_t, kFields.size()> marks{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    FieldReader reader(i);
    marks[i] = reader.read(words[i]);
    if (reader.error()) return *reader.error();
  }
  CronExpression cron;
  cron.minutes = marks[0];
  cron.hours = static_cast<std::uint32_t>(marks[1]);
  cron.days = static_cast<std::uint32_t>(marks[2]);
  cron.months = static_cast<std::uint16_t>(marks[3]);
  cron.weekdays = static_cast<std::uint8_t>(marks[4]);
  cron.needs_both_days = words[2].text.front() == '*' || words[4].text.front() == '*';
  if (!ever_comes(cron))
    return wrong("names no day that ever comes: day-of-month \"" + std::string(words[2].text) + "\" in month \"" +
                 std::string(words[3].text) + "\"");
  return cron;
}

}  // namespace troupe
