// SHA-256, HMAC-SHA256, base64 and constant-time comparison. Over OpenSSL, the only room that includes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/bytes.hpp"

namespace troupe {

Digest sha256(std::string_view bytes);
/// Of the concatenation, without making it.
Digest sha256(std::string_view first, std::string_view second);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  /// Once.
  Digest finish();

 private:
  void* state_;
};

Digest hmac_sha256(std::string_view key, std::string_view message);

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

/// Takes the same time wherever the texts differ. Different lengths differ.
bool equal_constant_time(std::string_view left, std::string_view right);

/// Bytes nobody can guess, from the operating system.
std::string random_secret(std::size_t bytes);

}  // namespace troupe
