// API keys, first form: listed in the configuration by the SHA-256 of their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

struct ApiKey {
  std::string name;  ///< shown in audit records
  Digest sha256{};   ///< of the whole key text, `trp_…`
  Role role = Role::client;
  std::optional<std::string> client_id;  ///< required for roles viewer and client unless they may see everything
};

/// A fresh key: `trp_` and 43 characters of base64url over 32 random bytes.
std::string make_api_key();

/// Immutable; thread-safe.
class ApiKeys {
 public:
  explicit ApiKeys(std::vector<ApiKey> keys);
  bool empty() const { return keys_.empty(); }
  /// The caller behind `Authorization`'s value. No keys configured: everyone is an anonymous admin (loopback only).
  /// Fails with unauthenticated when keys exist and the value is missing, malformed or unknown.
  Result<Caller> authenticate(std::optional<std::string_view> authorization) const;

 private:
  std::vector<ApiKey> keys_;
};

/// Is this address (host of `HOST:PORT`) loopback?
bool is_loopback(std::string_view host);

}  // namespace troupe
