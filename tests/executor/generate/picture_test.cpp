// The pictures themselves: the same for ever, different where they should be, and painted in the order previews need.
#include "executor_generate/picture.hpp"

#include <gtest/gtest.h>

#include <set>

#include "crypto/hash.hpp"
#include "image/png.hpp"

namespace troupe::generate {
namespace {

class Patient final : public PaintMonitor {
 public:
  bool advance(float fraction) override {
    EXPECT_GE(fraction, last);
    EXPECT_LE(fraction, 1.0F);
    last = fraction;
    ++asked;
    return asked < patience;
  }
  float last = 0;
  int asked = 0;
  int patience = 1 << 30;
};

Image paint_image(const Request& request, int ordinal = 1) {
  Patient monitor;
  Picture picture(request, ordinal);
  EXPECT_TRUE(picture.paint(monitor));
  EXPECT_GT(monitor.asked, 50);
  return *picture.develop(monitor);
}

Request request_for(Style style, int width = 96, int height = 64) {
  Request request;
  request.prompt = "a lighthouse at the end of the world";
  request.seed = 7;
  request.style = style;
  request.width = width;
  request.height = height;
  return request;
}

struct Pinned {
  Style style;
  const char* sha256;
};

// Of the raw pixels, so that another zlib does not matter. They change only on purpose: someone has these pictures.
TEST(Picture, PixelsAreTheSameOnEveryRunAndCompiler) {
  const Pinned table[] = {
      {Style::flow, "PIN0"},
      {Style::landscape, "PIN1"},
      {Style::stained_glass, "PIN2"},
      {Style::marble, "PIN3"},
      {Style::bauhaus, "PIN4"},
      {Style::starry, "PIN5"},
      {Style::papercut, "PIN6"},
  };
  for (const Pinned& pinned : table) {
    EXPECT_EQ(to_hex(sha256(paint_image(request_for(pinned.style)).bytes())), pinned.sha256) << style_text(pinned.style);
  }
}

TEST(Picture, DiffersByOrdinalSeedPromptAndSize) {
  for (int i = 0; i < kStyles; ++i) {
    std::set<std::string> seen;
    Request request = request_for(static_cast<Style>(i));
    const auto add = [&](int ordinal) { seen.insert(std::string(paint_image(request, ordinal).bytes())); };
    add(1);
    add(2);
    request.seed = 8;
    add(1);
    request.prompt = "a lighthouse at the end of the road";
    add(1);
    request.width = 97;
    add(1);
    EXPECT_EQ(seen.size(), 5U) << style_text(request.style);
  }
}

TEST(Picture, UsesManyColoursAndIsNeitherBlackNorWhite) {
  for (int i = 0; i < kStyles; ++i) {
    const Image image = paint_image(request_for(static_cast<Style>(i)));
    std::set<int> colours;
    double light = 0;
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        const Rgb pixel = image.at(x, y);
        colours.insert(pixel.r << 16 | pixel.g << 8 | pixel.b);
        light += (pixel.r + pixel.g + pixel.b) / 765.0 / (image.width() * image.height());
      }
    }
    EXPECT_GT(colours.size(), 300U) << style_text(static_cast<Style>(i));
    EXPECT_GT(light, 0.08) << style_text(static_cast<Style>(i));
    EXPECT_LT(light, 0.92) << style_text(static_cast<Style>(i));
  }
}

TEST(Picture, AnyShapeCanBePainted) {
  for (int i = 0; i < kStyles; ++i) {
    for (const auto& [width, height] : {std::pair{64, 64}, std::pair{65, 333}, std::pair{700, 64}}) {
      const Image image = paint_image(request_for(static_cast<Style>(i), width, height));
      EXPECT_EQ(image.width(), width);
      EXPECT_EQ(image.height(), height);
    }
  }
}

TEST(Picture, APreviewShowsTheWholePictureAfterAnEighthOfTheRows) {
  const Request request = request_for(Style::landscape, 256, 256);
  const Image finished = paint_image(request);
  Picture picture(request, 1);
  Patient monitor;
  monitor.patience = 256 / 8 + 1;
  EXPECT_FALSE(picture.paint(monitor));
  const Image preview = picture.canvas().preview(64);
  EXPECT_EQ(preview.width(), 64);
  for (const int y : {4, 20, 40, 60}) {
    const Rgb shown = preview.at(8, y), real = finished.at(34, y * 4 + 2);
    EXPECT_LT(std::abs(shown.r - real.r) + std::abs(shown.g - real.g) + std::abs(shown.b - real.b), 120) << y;
  }
}

TEST(Picture, StopsWhereverTheMonitorSaysSo) {
  for (int i = 0; i < kStyles; ++i) {
    Patient monitor;
    monitor.patience = 20;
    Picture picture(request_for(static_cast<Style>(i)), 1);
    EXPECT_FALSE(picture.paint(monitor)) << style_text(static_cast<Style>(i));
    EXPECT_EQ(monitor.asked, 20);
    EXPECT_FALSE(picture.develop(monitor));
    const auto png = picture.encode(Image(64, 64), monitor);
    ASSERT_FALSE(png.ok());
    EXPECT_EQ(png.error().code, ErrorCode::cancelled);
  }
}

TEST(Picture, ThePngSaysWhatMadeIt) {
  Request request = request_for(Style::marble);
  request.prompt = "ein grüner Fluß";
  Picture picture(request, 3);
  Patient monitor;
  const std::string png = *picture.encode(Image(64, 64), monitor);
  EXPECT_NE(png.find(std::string("tEXtSoftware\0Troupe generate", 28)), std::string::npos);
  EXPECT_NE(png.find("ein grüner Fluß"), std::string::npos);
  EXPECT_NE(png.find(std::string("tEXtseed\0" "7", 10)), std::string::npos);
  EXPECT_NE(png.find(std::string("tEXtstyle\0marble", 16)), std::string::npos);
}

}  // namespace
}  // namespace troupe::generate
