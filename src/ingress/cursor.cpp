#include "ingress/cursor.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace troupe::ingress {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHead = 2, kCheck = 4;

std::string check_of(std::string_view bytes) { return std::string(as_view(sha256(bytes)).substr(0, kCheck)); }

}  // namespace

std::string encode_cursor(CursorKind kind, std::string_view payload) {
  std::string bytes{kVersion, static_cast<char>(kind)};
  bytes += payload;
  bytes += check_of(bytes);
  std::string text = to_base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::remove(text.begin(), text.end(), '='), text.end());
  return text;
}

std::optional<std::string> decode_cursor(CursorKind kind, std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return {};
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const auto bytes = from_base64(padded);
  if (!bytes || bytes->size() < kHead + kCheck) return {};
  const std::string_view all = *bytes;
  const auto body = all.substr(0, all.size() - kCheck);
  if (body[0] != kVersion || body[1] != static_cast<char>(kind) || check_of(body) != all.substr(body.size())) return {};
  return std::string(body.substr(kHead));
}

}  // namespace troupe::ingress
