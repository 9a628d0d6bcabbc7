// Raw bytes: digests, hexadecimal, and the immutable JSON text that moves through the core without being parsed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A SHA-256 digest. All zeros stands for "none" (the head of an empty chain).
using Digest = std::array<std::uint8_t, 32>;

/// Of a hexadecimal digit, in either case; -1 if it is none.
int hex_value(char c);
/// Lower-case hexadecimal; gives the end of what was written, 2 * size characters.
char* write_hex(char* out, const std::uint8_t* data, std::size_t size);
std::string to_hex(const std::uint8_t* data, std::size_t size);
inline std::string to_hex(const Digest& digest) { return to_hex(digest.data(), digest.size()); }
/// Nothing unless the text is exactly 64 hexadecimal digits.
std::optional<Digest> digest_from_hex(std::string_view text);

/// The bytes of a digest, as a view (for hashing and for binary columns).
inline std::string_view as_view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// One JSON value as UTF-8 text: immutable, shared, cheap to copy. The core stores and forwards documents; only the
/// codec and expr rooms look inside. Empty (no text) means "absent", which is not JSON null.
class Document {
 public:
  Document() = default;
  explicit Document(std::string json) : text_(std::make_shared<const std::string>(std::move(json))) {}

  bool present() const { return text_ != nullptr; }
  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  std::size_t size() const { return text_ ? text_->size() : 0; }
  bool operator==(const Document& other) const { return present() == other.present() && view() == other.view(); }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace troupe
