#include "image/header.hpp"

#include <gtest/gtest.h>

#include "image/png.hpp"

namespace troupe {
namespace {

using namespace std::string_view_literals;

const std::string kJpeg =
    std::string("\xFF\xD8"sv) + std::string("\xFF\xE0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"sv) +  // APP0
    std::string("\xFF\xDB\x00\x04\x00\x00"sv) +                                              // a table
    std::string("\xFF\xC2\x00\x11\x08\x02\x58\x03\x20\x03\1\x22\0\2\x11\1\3\x11\1"sv);      // frame: 600 high, 800 wide

TEST(ImageHeader, OfAPngGivesItsSize) {
  const auto header = image_header(*encode_png(Image(31, 47)));
  EXPECT_EQ(header, (ImageHeader{"image/png", 31, 47}));
}

TEST(ImageHeader, OfAJpegIsFoundBehindOtherSegments) {
  EXPECT_EQ(image_header(kJpeg), (ImageHeader{"image/jpeg", 800, 600}));
}

TEST(ImageHeader, OfAJpegSkipsFillBytes) {
  std::string filled = kJpeg;
  filled.insert(2, "\xFF\xFF");
  EXPECT_EQ(image_header(filled), (ImageHeader{"image/jpeg", 800, 600}));
}

TEST(ImageHeader, CutOffAnywhereIsNothing) {
  const std::string png = *encode_png(Image(31, 47));
  for (std::size_t size = 0; size < 24; ++size) EXPECT_FALSE(image_header(std::string_view(png).substr(0, size)));
  const std::size_t frame = kJpeg.find("\xFF\xC2");
  for (std::size_t size = 0; size < frame + 9; ++size) {
    EXPECT_FALSE(image_header(std::string_view(kJpeg).substr(0, size))) << size;
  }
}

TEST(ImageHeader, ASideOfNoPixelsIsNothing) {
  std::string png = *encode_png(Image(31, 47));
  png.replace(16, 4, std::string(4, '\0'));
  EXPECT_FALSE(image_header(png));
}

TEST(ImageHeader, AJpegWhoseScanComesFirstOrWhoseSegmentsLieIsNothing) {
  EXPECT_FALSE(image_header("\xFF\xD8\xFF\xDA\0\4\0\0\xFF\xC0\0\x11\x08\2\x58\3\x20"sv));
  EXPECT_FALSE(image_header("\xFF\xD8\xFF\xE0\0\0\xFF\xC0\0\x11\x08\2\x58\3\x20"sv));
  EXPECT_FALSE(image_header("\xFF\xD8\xFF\xE0\xFF\xFF\xFF\xC0\0\x11\x08\2\x58\3\x20"sv));
}

TEST(ImageHeader, OtherFormatsAreNothing) {
  for (const std::string_view bytes : {"GIF89a........................"sv, "RIFF....WEBPVP8 ............"sv, ""sv}) {
    EXPECT_FALSE(image_header(bytes));
  }
}

}  // namespace
}  // namespace troupe
