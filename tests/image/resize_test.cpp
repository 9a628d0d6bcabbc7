#include "image/resize.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Resize, FitsTheLongerSideAndKeepsTheProportions) {
  EXPECT_EQ(fit_within({1000, 500}, 100), (Size{100, 50}));
  EXPECT_EQ(fit_within({500, 1000}, 100), (Size{50, 100}));
  EXPECT_EQ(fit_within({64, 32}, 100), (Size{64, 32}));
  EXPECT_EQ(fit_within({10'000, 3}, 100), (Size{100, 1}));
}

TEST(Resize, AnEvenColourStaysExactlyAsItIs) {
  for (int value = 0; value < 256; ++value) {
    const auto v = static_cast<std::uint8_t>(value);
    const Image small = downscale(Image(7, 5, {v, v, v}), {3, 2});
    EXPECT_EQ(small, Image(3, 2, {v, v, v})) << value;
  }
}

TEST(Resize, AveragesLightAndNotNumbers) {
  Image image(2, 1);
  image.at(1, 0) = {255, 255, 255};
  // Half of the light is sRGB 188, not 128.
  EXPECT_EQ(downscale(image, {1, 1}).at(0, 0), (Rgb{188, 188, 188}));
}

TEST(Resize, WeighsPixelsThatAreOnlyPartlyCovered) {
  Image image(3, 1);
  image.at(0, 0) = {255, 255, 255};
  const Image small = downscale(image, {2, 1});
  EXPECT_EQ(small.at(0, 0), (Rgb{213, 213, 213}));  // two thirds of the light
  EXPECT_EQ(small.at(1, 0), (Rgb{0, 0, 0}));
}

}  // namespace
}  // namespace troupe
