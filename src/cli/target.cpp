#include "cli/target.hpp"

#include "troupe/base/ascii.hpp"

namespace troupe::cli {
namespace {

std::string encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = is_letter_or_digit(c) || std::string_view("-._~:").find(c) != std::string_view::npos;
    if (plain) {
      result += c;
    } else {
      result += '%';
      result += kHex[byte >> 4];
      result += kHex[byte & 0xF];
    }
  }
  return result;
}

}  // namespace

Target& Target::segment(std::string_view text) {
  // `.` and `..` would be taken for steps through the path; they are nobody's id, and encoded dots are not decoded as
  // such.
  text_ += '/';
  text_ += text == "." ? "%2E" : text == ".." ? "%2E%2E" : encoded(text);
  return *this;
}

Target& Target::literal(std::string_view path) {
  text_ += path;
  return *this;
}

Target& Target::query(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  has_query_ = true;
  text_ += name;
  text_ += '=';
  text_ += encoded(value);
  return *this;
}

}  // namespace troupe::cli
