#include "ingress/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "codec/utf8.hpp"

namespace troupe::ingress {
namespace {

/// The length of the UTF-8 sequence that begins at `at`; 0 if it is not well-formed (RFC 3629).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const std::uint8_t first = byte(at);
  std::size_t length = 0;
  std::uint8_t low = 0x80, high = 0xBF;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(at + i) < low || byte(at + i) > high) return 0;
    low = 0x80, high = 0xBF;
  }
  return length;
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += kDigits[static_cast<std::uint8_t>(c) >> 4];
  out += kDigits[static_cast<std::uint8_t>(c) & 0x0F];
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonWriter::name(std::string_view text) {
  separate();
  quote(text);
  out_ += ':';
}

void JsonWriter::quote(std::string_view text) {
  out_ += '"';
  std::size_t plain = 0;  // start of what is copied as it is
  for (std::size_t at = 0; at < text.size();) {
    at += plain_json_prefix(text.substr(at));
    if (at == text.size()) break;
    const auto byte = static_cast<std::uint8_t>(text[at]);
    const std::size_t length = byte < 0x80 ? 0 : utf8_length(text, at);
    if (length > 0) {
      at += length;
      continue;
    }
    out_.append(text, plain, at - plain);
    // What a program wrote may be no UTF-8 at all (a step's message); JSON must be.
    if (byte >= 0x80)
      out_ += "\xEF\xBF\xBD";
    else
      append_escape(out_, text[at]);
    plain = ++at;
  }
  out_.append(text, plain, text.size() - plain);
  out_ += '"';
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_object(std::string_view member) {
  name(member);
  out_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array(std::string_view member) {
  name(member);
  out_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view member, std::string_view value) {
  name(member);
  quote(value);
  return *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view member, std::string_view value) {
  return value.empty() ? null(member) : text(member, value);
}

JsonWriter& JsonWriter::number(std::string_view member, std::uint64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return raw(member, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonWriter& JsonWriter::real(std::string_view member, double value) {
  if (!std::isfinite(value)) return null(member);
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return raw(member, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonWriter& JsonWriter::flag(std::string_view member, bool value) { return raw(member, value ? "true" : "false"); }

JsonWriter& JsonWriter::null(std::string_view member) { return raw(member, "null"); }

JsonWriter& JsonWriter::time(std::string_view member, Timestamp value) {
  return value == kNever ? null(member) : text(member, format_rfc3339(value));
}

JsonWriter& JsonWriter::document(std::string_view member, const Document& value) {
  return value.present() ? raw(member, value.view()) : null(member);
}

JsonWriter& JsonWriter::raw(std::string_view member, std::string_view json) {
  name(member);
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::element_text(std::string_view value) {
  separate();
  quote(value);
  return *this;
}

JsonWriter& JsonWriter::element_raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace troupe::ingress
