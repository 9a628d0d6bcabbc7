#include "auth/api_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/hash.hpp"
#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

constexpr std::string_view kPrefix = "trp_";
constexpr std::string_view kScheme = "bearer";
constexpr std::size_t kKeyCharsMax = 512;  // far above any real key: bounds what an attacker can make us hash

/// The token of `Bearer TOKEN` (RFC 6750); nothing if the value has another form.
std::optional<std::string_view> bearer_token(std::string_view authorization) {
  const auto space = authorization.find(' ');
  if (space == std::string_view::npos || !equals_ignoring_case(authorization.substr(0, space), kScheme)) return {};
  const auto begin = authorization.find_first_not_of(' ', space);
  if (begin == std::string_view::npos) return {};
  const auto token = authorization.substr(begin, authorization.find_last_not_of(' ') + 1 - begin);
  if (token.find(' ') != std::string_view::npos) return {};
  return token;
}

/// The four numbers of a dotted address; nothing if it is none.
std::optional<std::array<int, 4>> parse_ipv4(std::string_view text) {
  std::array<int, 4> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == parts.size())) return {};
    const auto digits = text.substr(0, dot);
    if (digits.empty() || digits.size() > 3) return {};
    for (char c : digits) {
      if (c < '0' || c > '9') return {};
      parts[i] = parts[i] * 10 + (c - '0');
    }
    if (parts[i] > 255) return {};
    text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  }
  return parts;
}

}  // namespace

std::string make_api_key() {
  std::string text = to_base64(random_secret(32));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::remove(text.begin(), text.end(), '='), text.end());
  return std::string(kPrefix) + text;
}

ApiKeys::ApiKeys(std::vector<ApiKey> keys) : keys_(std::move(keys)) {}

Result<Caller> ApiKeys::authenticate(std::optional<std::string_view> authorization) const {
  if (keys_.empty()) return Caller{};
  if (!authorization) return {ErrorCode::unauthenticated, "The request has no Authorization header."};
  const auto token = bearer_token(*authorization);
  if (!token) return {ErrorCode::unauthenticated, "The Authorization header is not of the form 'Bearer KEY'."};
  if (!token->starts_with(kPrefix) || token->size() > kKeyCharsMax)
    return {ErrorCode::unauthenticated, "The credential is not an API key (these begin with 'trp_')."};

  const Digest digest = sha256(*token);
  const ApiKey* found = nullptr;
  // Every key is compared, and each in constant time: the answer's delay tells nothing of the keys.
  for (const ApiKey& key : keys_)
    if (equal_constant_time(as_view(key.sha256), as_view(digest)) && !found) found = &key;
  if (!found) return {ErrorCode::unauthenticated, "The API key is not known here."};

  Caller caller;
  caller.name = found->name;
  caller.role = found->role;
  caller.client_id = found->client_id;
  return caller;
}

bool is_loopback(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost" || host == "::1") return true;
  constexpr std::string_view kMapped = "::ffff:";
  if (host.starts_with(kMapped)) host.remove_prefix(kMapped.size());
  const auto address = parse_ipv4(host);
  return address && (*address)[0] == 127;
}

}  // namespace troupe
