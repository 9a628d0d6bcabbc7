#include <gtest/gtest.h>

#include <set>

#include "image/png.hpp"
#include "image/type_card.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

struct Row {
  const char* media_type;
  const char* name;
  FileKind kind;
  const char* label;
};

TEST(TypeCard, KindAndLabelComeFromMediaTypeAndName) {
  const Row rows[] = {
      {"application/pdf", "offer.pdf", FileKind::document, "PDF"},
      {"text/plain; charset=utf-8", "notes", FileKind::document, "PLAIN"},
      {"image/webp", "a.webp", FileKind::image, "WEBP"},
      {"audio/mpeg", "a.mp3", FileKind::audio, "MP3"},
      {"video/mp4", "a.b.mp4", FileKind::video, "MP4"},
      {"application/zip", "bundle", FileKind::archive, "ZIP"},
      {"application/octet-stream", "t.parquet", FileKind::data, "PARQU"},
      {"application/octet-stream", "table.csv", FileKind::data, "CSV"},
      {"APPLICATION/JSON", "", FileKind::data, "JSON"},
      {"", ".bashrc", FileKind::other, "FILE"},
      {"", "x.<b>", FileKind::other, "FILE"},
      {"application/x-frobnicate", "", FileKind::other, "X-FRO"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(file_kind(row.media_type, row.name), row.kind) << row.media_type << " " << row.name;
    EXPECT_EQ(card_label(row.media_type, row.name), row.label) << row.media_type << " " << row.name;
  }
}

TEST(TypeCard, IsAPngOfTheThumbnailSizeAndDiffersByKind) {
  std::set<std::string> cards;
  for (const char* name : {"a.pdf", "a.jpg", "a.mp3", "a.mp4", "a.zip", "a.csv", "a"}) {
    const std::string png = type_card_png("", name);
    const auto image = decode_png(png);
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(image->width(), limits::kThumbnailSide);
    EXPECT_EQ(image->height(), limits::kThumbnailSide);
    EXPECT_EQ(png, type_card_png("", name));
    cards.insert(png);
  }
  EXPECT_EQ(cards.size(), 7U);
}

}  // namespace
}  // namespace troupe
