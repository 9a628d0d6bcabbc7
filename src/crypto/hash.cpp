#include "crypto/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>
#include <utility>

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

/// Fetched once: a digest that is looked up by name at every use costs more than hashing a record does. Never freed,
/// because threads may still hash while OpenSSL's exit handlers run.
const EVP_MD* algorithm() {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TROUPE_ASSERT(sha256 != nullptr, "OpenSSL has no SHA-256");
  return sha256;
}

void begin(EVP_MD_CTX* context) {
  TROUPE_ASSERT(EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1, "SHA-256 cannot begin");
}

void add(EVP_MD_CTX* context, std::string_view bytes) {
  TROUPE_ASSERT(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "SHA-256 cannot go on");
}

Digest end(EVP_MD_CTX* context) {
  Digest digest;
  TROUPE_ASSERT(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, "SHA-256 cannot end");
  return digest;
}

ContextPtr make_context() {
  ContextPtr context(EVP_MD_CTX_new());
  TROUPE_ASSERT(context != nullptr, "no memory for a hash");
  return context;
}

/// One context a thread, used again and again: making one costs two allocations.
EVP_MD_CTX* context_of_thread() {
  thread_local const ContextPtr context = make_context();
  return context.get();
}

EVP_MD_CTX* context_in(void* state) {
  TROUPE_ASSERT(state != nullptr, "a hash is used after it was finished or moved away");
  return static_cast<EVP_MD_CTX*>(state);
}

}  // namespace

Digest sha256(std::string_view bytes) {
  EVP_MD_CTX* const context = context_of_thread();
  begin(context);
  add(context, bytes);
  return end(context);
}

Digest sha256(std::string_view first, std::string_view second) {
  EVP_MD_CTX* const context = context_of_thread();
  begin(context);
  add(context, first);
  add(context, second);
  return end(context);
}

Sha256::Sha256() : state_(make_context().release()) { begin(context_in(state_)); }
Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_)); }
Sha256::Sha256(Sha256&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

void Sha256::update(std::string_view bytes) { add(context_in(state_), bytes); }

Digest Sha256::finish() {
  const ContextPtr context(context_in(std::exchange(state_, nullptr)));
  return end(context.get());
}

// RFC 2104 over the hash above: OpenSSL's own HMAC fetches its algorithm by name at each call.
Digest hmac_sha256(std::string_view key, std::string_view message) {
  constexpr std::size_t kBlockBytes = 64;
  std::array<char, kBlockBytes> inner{}, outer{};
  const Digest shortened = key.size() > kBlockBytes ? sha256(key) : Digest{};
  const std::string_view used = key.size() > kBlockBytes ? as_view(shortened) : key;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    const char byte = i < used.size() ? used[i] : '\0';
    inner[i] = static_cast<char>(byte ^ 0x36);
    outer[i] = static_cast<char>(byte ^ 0x5c);
  }
  const Digest digest = sha256({inner.data(), inner.size()}, message);
  return sha256({outer.data(), outer.size()}, as_view(digest));
}

bool equal_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace troupe
