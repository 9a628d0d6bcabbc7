#include "config/value.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {
namespace {

using Kind = RawValue::Kind;

bool is_one_of(const RawValue& value, std::initializer_list<Kind> kinds) {
  return std::find(kinds.begin(), kinds.end(), value.kind) != kinds.end();
}

/// `, not "x"`, unless the value is secret or no scalar.
std::string not_what(const RawValue& value, const Rule& rule) {
  if (rule.secret || is_one_of(value, {Kind::list, Kind::table, Kind::other})) return {};
  const bool quoted = is_one_of(value, {Kind::bare, Kind::text});
  return ", not " + (quoted ? to_toml(value.text) : value.text);
}

std::string range_text(const std::string& min, const std::string& max, bool bounded) {
  return bounded ? "from " + min + " to " + max : "of at least " + min;
}

Complaint check_text(const std::string& text, const RawValue& value, const Rule& rule) {
  if (!rule.choices.empty() && std::find(rule.choices.begin(), rule.choices.end(), text) == rule.choices.end()) {
    std::string all;
    for (std::string_view choice : rule.choices) all += (all.empty() ? "" : ", ") + std::string(choice);
    return "must be one of " + all + not_what(value, rule);
  }
  if (rule.required && text.empty()) return "must not be empty";
  if (rule.check && !text.empty())
    if (auto wrong = rule.check(text)) return *wrong + not_what(value, rule);
  return std::nullopt;
}

template <class Number>
Complaint assign_number(Number& field, const RawValue& value, const Rule& rule) {
  const std::string wanted =
      "must be a whole number " +
      range_text(std::to_string(rule.min), std::to_string(rule.max), rule.max != INT64_MAX) + not_what(value, rule);
  if (!is_one_of(value, {Kind::bare, Kind::integer})) return wanted;
  std::int64_t number = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || stop != end || number < rule.min || number > rule.max) return wanted;
  field = static_cast<Number>(number);
  return std::nullopt;
}

std::vector<RawValue> split_at_commas(const std::string& text) {
  std::vector<RawValue> items;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::size_t first = at, last = comma;
    while (first < last && text[first] == ' ') ++first;
    while (last > first && text[last - 1] == ' ') --last;
    if (first < last) items.push_back({.kind = Kind::text, .text = text.substr(first, last - first)});
    at = comma + 1;
  }
  return items;
}

}  // namespace

Complaint assign(std::string& field, const RawValue& value, const Rule& rule) {
  if (!is_one_of(value, {Kind::bare, Kind::text})) return "must be a string" + not_what(value, rule);
  if (auto wrong = check_text(value.text, value, rule)) return wrong;
  field = value.text;
  return std::nullopt;
}

Complaint assign(int& field, const RawValue& value, const Rule& rule) { return assign_number(field, value, rule); }
Complaint assign(std::size_t& field, const RawValue& value, const Rule& rule) {
  return assign_number(field, value, rule);
}

Complaint assign(Millis& field, const RawValue& value, const Rule& rule) {
  std::optional<Millis> duration;
  if (!is_one_of(value, {Kind::list, Kind::table, Kind::boolean, Kind::other})) duration = parse_duration(value.text);
  if (!duration) return "must be a duration like 30s, 5m or 1h30m, or a number of seconds" + not_what(value, rule);
  if (duration->count() < rule.min || duration->count() > rule.max)
    return "must be a duration " +
           range_text(format_duration(Millis(rule.min)), format_duration(Millis(rule.max)), rule.max != INT64_MAX) +
           not_what(value, rule);
  field = *duration;
  return std::nullopt;
}

Complaint assign(HostPort& field, const RawValue& value, const Rule& rule) {
  const auto parsed = is_one_of(value, {Kind::bare, Kind::text}) ? parse_host_port(value.text) : std::nullopt;
  if (!parsed) return "must be HOST:PORT, with a port from 0 to 65535" + not_what(value, rule);
  field = *parsed;
  return std::nullopt;
}

Complaint assign(Digest& field, const RawValue& value, const Rule& rule) {
  const auto parsed = is_one_of(value, {Kind::bare, Kind::text}) ? digest_from_hex(value.text) : std::nullopt;
  if (!parsed) return "must be a SHA-256 digest of 64 hexadecimal digits" + not_what(value, rule);
  field = *parsed;
  return std::nullopt;
}

Complaint assign(Role& field, const RawValue& value, const Rule& rule) {
  if (auto wrong = check_text(value.text, value, rule)) return wrong;
  const auto parsed = is_one_of(value, {Kind::bare, Kind::text}) ? role_from_text(value.text) : std::nullopt;
  if (!parsed) return "must be a role" + not_what(value, rule);
  field = *parsed;
  return std::nullopt;
}

Complaint assign(std::vector<std::string>& field, const RawValue& value, const Rule& rule) {
  if (!is_one_of(value, {Kind::bare, Kind::list})) return "must be a list of strings" + not_what(value, rule);
  const std::vector<RawValue> items = value.kind == Kind::bare ? split_at_commas(value.text) : value.elements;
  std::vector<std::string> texts;
  for (const RawValue& item : items) {
    std::string text;
    if (auto wrong = assign(text, item, rule)) return "item " + std::to_string(texts.size() + 1) + " " + *wrong;
    texts.push_back(std::move(text));
  }
  field = std::move(texts);
  return std::nullopt;
}

Complaint assign(std::map<std::string, std::string>& field, const RawValue& value, const Rule& rule) {
  if (value.kind != Kind::table) return "must be a table of strings" + not_what(value, rule);
  std::map<std::string, std::string> texts;
  for (const auto& [name, member] : value.members)
    if (auto wrong = assign(texts[name], member, rule)) return name + " " + *wrong;
  field = std::move(texts);
  return std::nullopt;
}

std::string to_toml(const std::string& value) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      text += "\\u00";
      text += kHex[byte >> 4];
      text += kHex[byte & 0xF];
    } else {
      text += c;
    }
  }
  return text + '"';
}
std::string to_toml(int value) { return std::to_string(value); }
std::string to_toml(std::size_t value) { return std::to_string(value); }
std::string to_toml(Millis value) { return to_toml(format_duration(value)); }
std::string to_toml(const HostPort& value) { return to_toml(to_string(value)); }
std::string to_toml(const Digest& value) { return to_toml(to_hex(value)); }
std::string to_toml(Role value) { return to_toml(std::string(role_text(value))); }
std::string to_toml(const std::vector<std::string>& value) {
  std::string text;
  for (const std::string& item : value) text += (text.empty() ? "" : ", ") + to_toml(item);
  return "[" + text + "]";
}
std::string to_toml(const std::map<std::string, std::string>& value) {
  std::string text;
  for (const auto& [name, item] : value) text += (text.empty() ? "" : ", ") + to_toml(name) + " = " + to_toml(item);
  return "{" + text + "}";
}

}  // namespace troupe
