// Bitmaps as bytes, run-length encoded. Items of a step end roughly in order, so that a bitmap is mostly one long run
// of ones: 10,000 items take some 10 bytes instead of 1,250, and never more than some 1,260.
//
//   runs = run*
//   run  = 00…7F byte{n + 1}   that many bytes as they are
//        | 80…BF low           zero bytes: 256 * (n - 80) + low + 1 of them
//        | C0…FF low           bytes of all ones: 256 * (n - C0) + low + 1 of them
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/domain/run.hpp"

namespace troupe {

/// What damaged bytes are held to. Wider than limits::kItems, so that lowering that leaves old bitmaps readable.
inline constexpr std::size_t kBitmapBytesMax = 8'192;

std::string encode_bitmap(const Bitmap& bitmap);
/// Nothing if the bytes are damaged or stand for more than kBitmapBytesMax.
std::optional<Bitmap> decode_bitmap(std::string_view runs);

}  // namespace troupe
