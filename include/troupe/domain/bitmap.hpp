// A growing set of small numbers: which items are done, which images are approved.
#pragma once

#include <cstdint>
#include <vector>

namespace troupe {

/// One bit each; without trailing zero bytes, so that equal sets are equal bytes.
class Bitmap {
 public:
  bool test(std::uint32_t bit) const;
  void set(std::uint32_t bit);
  std::uint32_t count() const;
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  static Bitmap from_bytes(std::vector<std::uint8_t> bytes);
  bool operator==(const Bitmap&) const = default;

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace troupe
