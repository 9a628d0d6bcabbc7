#include <unistd.h>

#include <algorithm>

#include "crypto/hash.hpp"
#include "troupe/base/assert.hpp"

namespace troupe {

std::string random_secret(std::size_t bytes) {
  constexpr std::size_t kPerCall = 256;  // what getentropy gives at most
  std::string secret(bytes, '\0');
  for (std::size_t at = 0; at < bytes; at += kPerCall) {
    const int failed = getentropy(secret.data() + at, std::min(kPerCall, bytes - at));
    TROUPE_ASSERT(failed == 0, "the operating system gives no random bytes");
  }
  return secret;
}

}  // namespace troupe
