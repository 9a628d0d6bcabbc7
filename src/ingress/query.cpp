#include "ingress/query.hpp"

#include <charconv>

#include "codec/utf8.hpp"
#include "troupe/base/bytes.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

/// Control characters are refused: no parameter has a use for them, and a database may choke on NUL.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') c = ' ';
    if (c == '%') {
      if (i + 2 >= text.size()) return {};
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return {};
    out += c;
  }
  if (find_invalid_utf8(out) != std::string_view::npos) return {};
  return out;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text.substr(0, 100)) + "'"; }

}  // namespace

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto piece = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    const auto name = decode(piece.substr(0, equals));
    const auto value = decode(equals == std::string_view::npos ? std::string_view() : piece.substr(equals + 1));
    if (!name || !value)
      return {ErrorCode::invalid_query,
              "The query holds a bad percent-encoding, a control character or what is not UTF-8."};
    if (query.text(*name)) return {ErrorCode::invalid_query, "The parameter " + in_quotes(*name) + " is given twice."};
    query.parameters_.emplace_back(*name, *value);
  }
  return query;
}

Result<Done> Query::expect(const std::vector<std::string_view>& known) const {
  for (const auto& [name, value] : parameters_) {
    bool found = false;
    for (auto word : known) found = found || word == name;
    if (found) continue;
    std::string message = "There is no parameter " + in_quotes(name) + " here; ";
    if (known.empty()) return {ErrorCode::invalid_query, message + "this route takes none."};
    message += "known are ";
    for (std::size_t i = 0; i < known.size(); ++i) message += (i ? ", " : "") + std::string(known[i]);
    return {ErrorCode::invalid_query, message + "."};
  }
  return Done{};
}

void Query::fail(ErrorCode code, std::string message) {
  if (!error_) error_ = Error{code, std::move(message), false, {}};
}

std::optional<std::string> Query::text(std::string_view name) const {
  for (const auto& [key, value] : parameters_)
    if (key == name) return value;
  return {};
}

std::optional<Status> Query::status(std::string_view name) {
  const auto word = text(name);
  if (!word) return {};
  const auto status = status_from_text(*word);
  if (status && *status != Status::skipped) return status;
  fail(ErrorCode::invalid_query,
       std::string(name) + " is " + in_quotes(*word) + "; it can be pending, running, success, failed or cancelled.");
  return {};
}

std::optional<Timestamp> Query::time(std::string_view name) {
  const auto word = text(name);
  if (!word) return {};
  if (const auto at = parse_rfc3339(*word)) return at;
  fail(ErrorCode::invalid_query,
       std::string(name) + " is " + in_quotes(*word) +
           "; it must be an RFC 3339 time such as 2026-11-21T01:02:03Z (a '+' is sent as %2B).");
  return {};
}

bool Query::flag(std::string_view name) {
  const auto word = text(name);
  if (!word || *word == "0" || *word == "false") return false;
  if (*word == "1" || *word == "true") return true;
  fail(ErrorCode::invalid_query, std::string(name) + " is " + in_quotes(*word) + "; it can be 1, 0, true or false.");
  return false;
}

std::optional<std::uint64_t> Query::number(std::string_view name) {
  const auto word = text(name);
  if (!word) return {};
  if (const auto value = parse_number<std::uint64_t>(*word)) return value;
  fail(ErrorCode::invalid_query, std::string(name) + " is " + in_quotes(*word) + "; it must be a whole number.");
  return {};
}

int Query::limit() {
  const auto word = text("limit");
  if (!word) return limits::kPageDefault;
  if (const auto value = parse_number<int>(*word); value && *value >= 1 && *value <= limits::kPageMax) return *value;
  fail(ErrorCode::invalid_limit,
       "limit is " + in_quotes(*word) + "; it must be from 1 to " + std::to_string(limits::kPageMax) + ".");
  return limits::kPageDefault;
}

std::optional<std::string> Query::cursor(CursorKind kind) {
  const auto word = text("cursor");
  if (!word) return {};
  if (auto payload = decode_cursor(kind, *word)) return payload;
  fail(ErrorCode::invalid_cursor, "cursor is not one that this list gave out.");
  return {};
}

}  // namespace troupe::ingress
