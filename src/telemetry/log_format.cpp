#include "telemetry/log_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "troupe/base/ascii.hpp"

namespace troupe::log {
namespace {

constexpr std::string_view kRedacted = "[redacted]";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
/// A line is for reading: what is longer belongs into the run's own log.
constexpr std::size_t kValueBytes = 8 << 10;
constexpr std::string_view kCut = "…";

/// Bytes of the well-formed UTF-8 sequence at the front; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF)
    return follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  if (lead >= 0xF0 && lead <= 0xF4)
    return follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
  return 0;
}

std::string number_text(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return error == std::errc() ? std::string(buffer.data(), end) : "0";
}

/// A scalar without quotes; text is false for what JSON writes bare.
struct Scalar {
  std::string value;
  bool text = true;
};

Scalar scalar(const Field& field) {
  if (is_secret_name(field.name)) return {std::string(kRedacted)};
  struct Visitor {
    Scalar operator()(std::string_view text) const {
      if (text.size() <= kValueBytes) return {std::string(text)};
      return {std::string(text.substr(0, kValueBytes)) + std::string(kCut)};
    }
    Scalar operator()(std::int64_t value) const { return {std::to_string(value), false}; }
    Scalar operator()(std::uint64_t value) const { return {std::to_string(value), false}; }
    Scalar operator()(double value) const {
      if (std::isfinite(value)) return {number_text(value), false};
      return {std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"};  // JSON has no such numbers
    }
    Scalar operator()(bool value) const { return {value ? "true" : "false", false}; }
    Scalar operator()(const Value::Uuid& id) const { return {format_uuid(id)}; }
  };
  return std::visit(Visitor{}, field.value.get());
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != '"' && byte != '=' && byte != '\\' && byte < 0x7F;
  });
}

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::debug: return "\x1b[2m";
    case Level::info: return "\x1b[32m";
    case Level::warning: return "\x1b[33m";
    case Level::error:
    case Level::off: return "\x1b[31m";
  }
  return {};
}

}  // namespace

void append_json_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

bool is_secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kWords = {"token",    "authorization", "secret",
                                                             "password", "cookie",        "credential"};
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '_';
    const char lower = to_lower(c);
    if (lower >= 'a' && lower <= 'z') {
      word += lower;
      continue;
    }
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
    word.clear();
  }
  return false;
}

std::string format_json(Timestamp at, Level level, std::string_view message, Fields fields) {
  std::string line = R"({"at":")" + format_rfc3339(at) + R"(","level":")";
  line += level_text(level);
  line += R"(","message":")";
  append_json_escaped(line, message);
  line += '"';
  for (const Field& field : fields) {
    const Scalar value = scalar(field);
    if (value.text && value.value.empty()) continue;
    line += ",\"";
    append_json_escaped(line, field.name);
    line += value.text ? "\":\"" : "\":";
    append_json_escaped(line, value.value);
    if (value.text) line += '"';
  }
  return line + '}';
}

std::string format_text(Timestamp at, Level level, std::string_view message, Fields fields, bool colour) {
  std::string word(level_text(level));
  for (char& c : word) c = static_cast<char>(c - 'a' + 'A');
  word.resize(7, ' ');
  if (colour) word = std::string(colour_of(level)) + word + "\x1b[0m";

  std::string line = format_rfc3339(at) + ' ' + word + ' ';
  append_json_escaped(line, message);
  const char* separator = "  ";
  for (const Field& field : fields) {
    const Scalar value = scalar(field);
    if (value.text && value.value.empty()) continue;
    line += separator;
    line += field.name;
    line += '=';
    if (is_plain(value.value)) {
      line += value.value;
    } else {
      line += '"';
      append_json_escaped(line, value.value);
      line += '"';
    }
    separator = " ";
  }
  return line;
}

}  // namespace troupe::log
