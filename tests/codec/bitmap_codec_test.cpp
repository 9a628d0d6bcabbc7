#include "codec/bitmap_codec.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace troupe {
namespace {

Bitmap ones(std::uint32_t from, std::uint32_t to) {
  Bitmap bits;
  for (std::uint32_t bit = from; bit < to; ++bit) bits.set(bit);
  return bits;
}

TEST(BitmapCodec, ReadsBackRunsOfEveryLength) {
  for (const std::uint32_t from : {0u, 1u, 8u, 1'024u, 2'056u, 3'000u})
    for (const std::uint32_t length : {0u, 1u, 7u, 8u, 1'023u, 1'024u, 1'032u, 2'048u, 2'056u, 10'000u, 60'000u}) {
      const Bitmap bits = ones(from, from + length);
      EXPECT_EQ(decode_bitmap(encode_bitmap(bits)), bits) << from << " + " << length;
    }
}

TEST(BitmapCodec, ReadsBackLongStretchesWithoutARun) {
  Bitmap bits;
  for (std::uint32_t bit = 0; bit < 10'000; bit += 2) bits.set(bit);
  const std::string runs = encode_bitmap(bits);
  EXPECT_LE(runs.size(), 1'260u);
  EXPECT_EQ(decode_bitmap(runs), bits);
}

TEST(BitmapCodec, WritesAFullBitmapInAFewBytes) {
  EXPECT_EQ(encode_bitmap(Bitmap{}), "");
  EXPECT_LE(encode_bitmap(ones(0, 10'000)).size(), 4u);
  EXPECT_LE(encode_bitmap(ones(9'000, 10'000)).size(), 6u);
}

TEST(BitmapCodec, ReadsAsManyBytesAsABitmapMayHoldAndNoMore) {
  const std::string half = "\xcf\xff";  // 4,096 bytes of ones
  EXPECT_TRUE(decode_bitmap(half + half).has_value());
  EXPECT_FALSE(decode_bitmap(half + half + std::string("\x80\x00", 2)).has_value());
  EXPECT_FALSE(decode_bitmap(half + half + std::string("\x00\x01", 2)).has_value());
}

}  // namespace
}  // namespace troupe
