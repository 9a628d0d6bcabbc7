#include "troupe/domain/bitmap.hpp"

#include <bit>

namespace troupe {

bool Bitmap::test(std::uint32_t bit) const {
  return bit / 8 < bytes_.size() && (bytes_[bit / 8] >> (bit % 8) & 1) != 0;
}

void Bitmap::set(std::uint32_t bit) {
  if (bytes_.size() <= bit / 8) bytes_.resize(bit / 8 + 1, 0);
  bytes_[bit / 8] = static_cast<std::uint8_t>(bytes_[bit / 8] | (1u << (bit % 8)));
}

std::uint32_t Bitmap::count() const {
  std::uint32_t total = 0;
  for (std::uint8_t byte : bytes_) total += static_cast<std::uint32_t>(std::popcount(byte));
  return total;
}

Bitmap Bitmap::from_bytes(std::vector<std::uint8_t> bytes) {
  while (!bytes.empty() && bytes.back() == 0) bytes.pop_back();
  Bitmap bitmap;
  bitmap.bytes_ = std::move(bytes);
  return bitmap;
}

}  // namespace troupe
