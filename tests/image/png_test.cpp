// PNG in and out: round trips, limits, and bytes from someone who wishes us ill.
#include "image/png.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "image/thumbnail.hpp"

namespace troupe {
namespace {

Image checkered(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.at(x, y) = {static_cast<std::uint8_t>(x * 7), static_cast<std::uint8_t>(y * 11),
                        static_cast<std::uint8_t>((x ^ y) * 13)};
    }
  }
  return image;
}

std::string png_of(const Image& image, const PngOptions& options = {}) {
  auto png = encode_png(image, options);
  EXPECT_TRUE(png.ok());
  return png.ok() ? *png : std::string();
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

std::uint64_t next_of(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t x = state;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

TEST(Png, DecodesToExactlyTheImageThatWasEncoded) {
  const Image image = checkered(37, 23);
  const auto decoded = decode_png(png_of(image));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, image);
}

TEST(Png, TheSameImageGivesTheSameBytes) { EXPECT_EQ(png_of(checkered(20, 20)), png_of(checkered(20, 20))); }

TEST(Png, TextIsWrittenAsTExtWhenAsciiElseAsITXt) {
  PngOptions options;
  options.texts = {{"Software", "Troupe"}, {"prompt", "Möwen über dem Meer"}};
  const std::string png = png_of(checkered(4, 4), options);
  EXPECT_NE(png.find(std::string("tEXtSoftware\0Troupe", 19)), std::string::npos);
  EXPECT_NE(png.find(std::string("iTXtprompt\0", 11)), std::string::npos);
  EXPECT_NE(png.find("Möwen über dem Meer"), std::string::npos);
}

TEST(Png, EncodingEndsWithCancelledWhenToldToStop) {
  int asked = 0;
  PngOptions options;
  options.keep_going = [&] { return ++asked < 3; };
  const auto png = encode_png(checkered(16, 200), options);
  ASSERT_FALSE(png.ok());
  EXPECT_EQ(png.error().code, ErrorCode::cancelled);
  EXPECT_EQ(asked, 3);
}

// 2 × 2 pixels of one colour, RGB, Adam7.
constexpr const char* kInterlaced =
    "89504e470d0a1a0a0000000d49484452000000020000000208020000018ad3aae5000000104944415478da63e0e46067"
    "806220020002cf00610badfc900000000049454e44ae426082";

struct Kind {
  const char* name;
  const char* hex;
  Rgb expected;
};

// 2 × 2 pixels of one colour each, made with another encoder.
TEST(Png, EveryColourTypeBecomesRgbOverWhite) {
  const Kind kinds[] = {
      {"grey 8",
       "89504e470d0a1a0a0000000d494844520000000200000002080000000057dd52f80000000e4944415478da6348496148"
       "49010004b60191ef44981c0000000049454e44ae426082",
       {100, 100, 100}},
      {"grey 1",
       "89504e470d0a1a0a0000000d49484452000000020000000201000000005acd30890000000c4944415478da6338c07000"
       "00030401812ae56e5a0000000049454e44ae426082",
       {255, 255, 255}},
      {"grey 16",
       "89504e470d0a1a0a0000000d4948445200000002000000021000000000074d8ebb0000000e4944415478da6368000206"
       "100100140a0401f5e6cd910000000049454e44ae426082",
       {128, 128, 128}},
      {"palette",
       "89504e470d0a1a0a0000000d49484452000000020000000204030000008098101700000006504c544501020328323cf2"
       "0fa94a0000000c4944415478da63106410040000480023671a81ab0000000049454e44ae426082",
       {40, 50, 60}},
      {"palette, transparent",
       "89504e470d0a1a0a0000000d49484452000000020000000208030000004568fd1600000006504c544501020328323cf2"
       "0fa94a0000000274524e53ff00e5b7304a0000000e4944415478da63606464606404000012000548718f5a0000000049"
       "454e44ae426082",
       {255, 255, 255}},
      {"grey and alpha",
       "89504e470d0a1a0a0000000d4948445200000002000000020804000000d8bfc5af0000000e4944415478da6360680042"
       "100100090a0201fa1da4050000000049454e44ae426082",
       {127, 127, 127}},
      {"RGBA",
       "89504e470d0a1a0a0000000d494844520000000200000002080600000072b60d24000000114944415478da633891c260"
       "0cc20c30060035b4057d8e8200be0000000049454e44ae426082",
       {244, 224, 204}},
      {"RGB 16",
       "89504e470d0a1a0a0000000d4948445200000002000000021002000000ad444630000000134944415478da63e0e21211"
       "919383900cc81c00173a01e15afc15b90000000049454e44ae426082",
       {10, 20, 30}},
      {"interlaced",
       "89504e470d0a1a0a0000000d49484452000000020000000208020000018ad3aae5000000104944415478da63e0e46067"
       "806220020002cf00610badfc900000000049454e44ae426082",
       {9, 8, 7}},
  };
  for (const Kind& kind : kinds) {
    const auto image = decode_png(from_hex(kind.hex));
    ASSERT_TRUE(image.ok()) << kind.name << ": " << image.error().message;
    EXPECT_EQ(image->width(), 2) << kind.name;
    EXPECT_EQ(image->at(1, 1), kind.expected) << kind.name;
  }
}

TEST(Png, OtherDataIsNotAnImage) {
  for (const std::string_view bytes : {"", "hello", "\x89PNG", "\xFF\xD8\xFF\xE0 jpeg"}) {
    const auto image = decode_png(bytes);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().code, ErrorCode::unsupported_media_type);
  }
}

TEST(Png, DimensionsAboveTheLimitsAreRefusedBeforeAnythingIsRead) {
  const std::string png = png_of(checkered(40, 30));
  for (const DecodeLimits limits : {DecodeLimits{39, 10'000}, DecodeLimits{100, 1'199}}) {
    const auto image = decode_png(png, limits);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().code, ErrorCode::payload_too_large);
    EXPECT_NE(image.error().message.find("40 × 30"), std::string::npos);
  }
  EXPECT_TRUE(decode_png(png, {40, 1'200}).ok());

  std::string bomb = png;  // claims 2³¹−1 × 2³¹−1 pixels
  bomb.replace(16, 8, std::string("\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF"));
  ASSERT_FALSE(decode_png(bomb).ok());
  EXPECT_EQ(decode_png(bomb).error().code, ErrorCode::payload_too_large);
}

TEST(Png, AnyTruncationIsAnErrorAndNeverACrash) {
  const std::string png = png_of(checkered(33, 17));
  // The last chunk, IEND, is 12 bytes; without all of it the file was cut off.
  for (std::size_t size = 0; size < png.size(); ++size) {
    EXPECT_FALSE(decode_png(std::string_view(png).substr(0, size)).ok()) << size;
  }
}

TEST(Png, HostileBytesNeverCrashTheDecoder) {
  PngOptions options;
  options.texts = {{"Comment", "some text to mutate"}};
  const std::string seeds[] = {png_of(checkered(33, 17), options), png_of(checkered(1, 64)), from_hex(kInterlaced)};
  std::uint64_t random = 20261121;
  RecordProperty("seed", static_cast<int>(random));
  int decoded = 0, refused = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string png = seeds[static_cast<std::size_t>(round) % std::size(seeds)];
    const auto changes = 1 + next_of(random) % 6;
    for (std::uint64_t i = 0; i < changes; ++i) {
      const auto at = static_cast<std::size_t>(next_of(random) % png.size());
      switch (next_of(random) % 4) {
        case 0: png[at] = static_cast<char>(next_of(random)); break;
        case 1: png[at] = static_cast<char>(png[at] ^ (1 << next_of(random) % 8)); break;
        case 2: png.erase(at, next_of(random) % 9); break;
        default:
          png.insert(at, static_cast<std::size_t>(1 + next_of(random) % 4), static_cast<char>(next_of(random)));
          break;
      }
      if (png.empty()) png = "x";
    }
    const auto image = decode_png(png, {512, 1 << 16});
    ++(image.ok() ? decoded : refused);
    EXPECT_TRUE(image.ok() || !image.error().message.empty());
  }
  EXPECT_GT(refused, 3000);  // the mutations reach the decoder and matter
  EXPECT_EQ(decoded + refused, 6000);
}

TEST(Thumbnail, KeepsTheProportionsWithinTheSideAndIsNeverEnlarged) {
  const auto wide = thumbnail_png(png_of(checkered(1200, 300)));
  ASSERT_TRUE(wide.ok());
  const auto image = decode_png(*wide);
  EXPECT_EQ(image->width(), limits::kThumbnailSide);
  EXPECT_EQ(image->height(), 128);

  const auto small = thumbnail_png(png_of(checkered(60, 90)));
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(*decode_png(*small), checkered(60, 90));
}

TEST(Thumbnail, WhatCannotBeReadGetsItsCard) {
  const auto card = decode_png(thumbnail_or_card("\x89PNG broken", "image/png", "a.png"));
  ASSERT_TRUE(card.ok());
  EXPECT_EQ(card->width(), limits::kThumbnailSide);
  const auto picture = decode_png(thumbnail_or_card(png_of(checkered(60, 90)), "image/png", "a.png"));
  EXPECT_EQ(*picture, checkered(60, 90));
}

}  // namespace
}  // namespace troupe
