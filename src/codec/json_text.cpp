// JSON as text: as it is (to_text), and canonical as RFC 8785 has it, with one departure: the RFC knows only IEEE
// doubles, so that integers beyond 2^53 lose digits. Ours keep all digits of an int64 or uint64, because a record must
// say what it was given. For every number that a double holds exactly and prints in full (all integers up to 2^53) the
// bytes are the same as the RFC's.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "codec/utf8.hpp"

namespace troupe {
namespace {

enum class Form : bool { plain, canonical };

/// UTF-8 sorts by code point; the RFC wants UTF-16 code units. They differ only where a character beyond U+FFFF (lead
/// byte F0 and up; surrogates D800… in UTF-16) meets one of U+E000…U+FFFF (lead byte EE or EF).
bool utf16_less(std::string_view left, std::string_view right) {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  const auto a = static_cast<unsigned char>(*l), b = static_cast<unsigned char>(*r);
  if (a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0)) return a >= 0xF0;
  return a < b;
}

void append_string(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  while (true) {
    const std::size_t plain = plain_json_prefix(text);
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    const char c = text[plain];
    text.remove_prefix(plain + 1);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kDigits[c >> 4];
          out += kDigits[c & 0x0F];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// ECMAScript's Number::toString: the shortest digits that read back, laid out by the size of the exponent.
void append_double(std::string& out, double value) {
  if (value == 0) {  // -0 too
    out += '0';
    return;
  }
  if (!std::isfinite(value)) {  // cannot come from JSON text; what nlohmann prints too
    out += "null";
    return;
  }
  std::array<char, 32> text;
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  const char* at = text.data();
  if (*at == '-') out += *at++;
  const char* const e = std::find(at, end, 'e');
  std::string digits(1, *at);
  if (at + 1 != e) digits.append(at + 2, e);  // behind the point
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);

  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  }
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

template <Form form>
void append(std::string& out, const Json& value);

template <Form form>
void append_member(std::string& out, const Json::object_t::value_type& member) {
  if (out.back() != '{') out += ',';
  append_string(out, member.first);
  out += ':';
  append<form>(out, member.second);
}

template <Form form>
void append_object(std::string& out, const Json::object_t& object) {
  const auto less = [](const auto& left, const auto& right) { return utf16_less(left.first, right.first); };
  out += '{';
  if (form == Form::plain || std::is_sorted(object.begin(), object.end(), less)) {
    for (const auto& member : object) append_member<form>(out, member);
  } else {
    std::vector<std::reference_wrapper<const Json::object_t::value_type>> members(object.begin(), object.end());
    std::sort(members.begin(), members.end(),
              [&](const auto& left, const auto& right) { return less(left.get(), right.get()); });
    for (const auto& member : members) append_member<form>(out, member);
  }
  out += '}';
}

template <Form form>
void append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return append_object<form>(out, value.get_ref<const Json::object_t&>());
    case Json::value_t::array: {
      out += '[';
      const char* separator = "";
      for (const Json& item : value) {
        out += std::exchange(separator, ",");
        append<form>(out, item);
      }
      out += ']';
      return;
    }
    case Json::value_t::string: return append_string(out, value.get_ref<const std::string&>());
    case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: return append_integer(out, value.get<std::int64_t>());
    case Json::value_t::number_unsigned: return append_integer(out, value.get<std::uint64_t>());
    case Json::value_t::number_float:
      if constexpr (form == Form::canonical) return append_double(out, value.get<double>());
      out += value.dump();  // 1.0 stays a fraction
      return;
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded: out += "null"; return;
  }
}

template <Form form>
std::string text_of(const Json& value) {
  std::string out;
  out.reserve(256);  // most values are small: grow once, not five times
  append<form>(out, value);
  return out;
}

}  // namespace

std::string canonical_json(const Json& value) { return text_of<Form::canonical>(value); }

std::string to_text(const Json& value) {
  std::string text = text_of<Form::plain>(value);
  if (is_ascii(text) || find_invalid_utf8(text) == std::string_view::npos) return text;
  // What programs wrote may not be UTF-8; U+FFFD stands for what is not.
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace troupe
