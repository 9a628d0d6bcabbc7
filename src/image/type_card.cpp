#include "image/type_card.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "image/bitmap_font.hpp"
#include "image/png.hpp"
#include "troupe/base/ascii.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

// The drawing is laid out on a square of 512 units, y downwards.
constexpr int kSide = limits::kThumbnailSide;
static_assert(kSide == 512, "the card's coordinates are for this size");
constexpr std::size_t kLabelChars = 5;
constexpr std::size_t kExtensionChars = 8;

constexpr Rgb kPaper{250, 248, 243};
constexpr Rgb kPaperFold{222, 217, 206};
constexpr Rgb kWhite{255, 255, 255};

struct Point {
  float x = 0, y = 0;
};

/// How far inside (negative) or outside (positive) of a box with round corners a point lies.
float round_box(Point p, Point centre, Point half, float radius) {
  const float dx = std::abs(p.x - centre.x) - half.x + radius;
  const float dy = std::abs(p.y - centre.y) - half.y + radius;
  const float out_x = std::max(dx, 0.0F), out_y = std::max(dy, 0.0F);
  return std::sqrt(out_x * out_x + out_y * out_y) + std::min(std::max(dx, dy), 0.0F) - radius;
}

float disc(Point p, Point centre, float radius) {
  const float dx = p.x - centre.x, dy = p.y - centre.y;
  return std::sqrt(dx * dx + dy * dy) - radius;
}

/// Inside of the edge from a to b (clockwise shapes are the intersection of such sides).
float side(Point p, Point a, Point b) {
  const float ex = b.x - a.x, ey = b.y - a.y;
  return ((p.x - a.x) * ey - (p.y - a.y) * ex) / std::sqrt(ex * ex + ey * ey);
}

float triangle(Point p, Point a, Point b, Point c) { return std::max({side(p, a, b), side(p, b, c), side(p, c, a)}); }

std::uint8_t mix(std::uint8_t from, std::uint8_t to, float share) {
  return static_cast<std::uint8_t>(static_cast<float>(from) +
                                   (static_cast<float>(to) - static_cast<float>(from)) * share + 0.5F);
}

Rgb mix(Rgb from, Rgb to, float share) {
  return {mix(from.r, to.r, share), mix(from.g, to.g, share), mix(from.b, to.b, share)};
}

class Card {
 public:
  explicit Card(Rgb accent) : image_(kSide, kSide), accent_(accent) {}

  /// Fills where `distance(point)` is negative, with edges one pixel soft.
  template <class Distance>
  void fill(Rgb colour, Distance distance, float softness = 1.0F, float strength = 1.0F) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const float d = distance(Point{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
        const float covered = std::clamp(0.5F - d / softness, 0.0F, 1.0F) * strength;
        if (covered > 0) image_.at(x, y) = mix(image_.at(x, y), colour, covered);
      }
    }
  }

  void box(Rgb colour, Point centre, Point half, float radius) {
    fill(colour, [=](Point p) { return round_box(p, centre, half, radius); });
  }

  void background() {
    const Rgb top = mix(accent_, kWhite, 0.35F);
    for (int y = 0; y < kSide; ++y) {
      std::fill_n(image_.row(y), kSide, mix(top, accent_, static_cast<float>(y) / (kSide - 1)));
    }
  }

  void sheet() {
    const Point centre{256, 250}, half{128, 168};
    fill(
        {0, 0, 0},
        [=](Point p) {
          return round_box(p, {centre.x, centre.y + 12}, half, 18);
        },
        44, 0.34F);
    fill(kPaper,
         [=](Point p) { return std::max(round_box(p, centre, half, 14), ((p.x - p.y) - (384 - 82 - 64)) / 1.4142F); });
    fill(kPaperFold, [](Point p) { return triangle(p, {320, 82}, {384, 146}, {320, 146}); });
  }

  void label(std::string_view text) {
    constexpr int kDotPixels = 7, kAdvance = (kGlyphWidth + 1) * kDotPixels;
    const int width = static_cast<int>(text.size()) * kAdvance - kDotPixels;
    const int left = (kSide - width) / 2, top = 348;
    const Point half{static_cast<float>(width) / 2 + 26, 42};
    box(mix(accent_, {0, 0, 0}, 0.25F), {256, static_cast<float>(top) + 24.5F}, half, 20);
    for (std::size_t i = 0; i < text.size(); ++i) {
      glyph(glyph_of(text[i]), left + static_cast<int>(i) * kAdvance, top, kDotPixels);
    }
  }

  Rgb accent() const { return accent_; }
  const Image& image() const { return image_; }

 private:
  void glyph(const Glyph& shape, int left, int top, int dot) {
    for (int y = 0; y < kGlyphHeight * dot; ++y) {
      for (int x = 0; x < kGlyphWidth * dot; ++x) {
        if (dot_of(shape, x / dot, y / dot)) image_.at(left + x, top + y) = kWhite;
      }
    }
  }

  Image image_;
  Rgb accent_;
};

void draw_lines(Card& card) {
  constexpr std::array<float, 5> kHalfWidths{56, 84, 70, 84, 48};
  for (std::size_t i = 0; i < kHalfWidths.size(); ++i) {
    const float half = kHalfWidths[i];
    card.box(card.accent(), {172 + half, 176 + 34 * static_cast<float>(i)}, {half, 7}, 7);
  }
}

void draw_picture(Card& card) {
  const auto frame = [](Point p) { return round_box(p, {256, 246}, {92, 70}, 14); };
  card.fill(mix(card.accent(), kWhite, 0.72F), frame);
  card.fill(mix(card.accent(), kWhite, 0.25F), [](Point p) { return disc(p, {212, 216}, 18); });
  const auto far = [](Point p) { return triangle(p, {292, 208}, {392, 330}, {192, 330}); };
  const auto near = [](Point p) { return triangle(p, {222, 244}, {302, 330}, {142, 330}); };
  card.fill(mix(card.accent(), kWhite, 0.3F), [=](Point p) { return std::max(frame(p), far(p)); });
  card.fill(card.accent(), [=](Point p) { return std::max(frame(p), near(p)); });
}

void draw_note(Card& card) {
  card.fill(card.accent(), [](Point p) { return disc(p, {216, 300}, 26); });
  card.fill(card.accent(), [](Point p) { return disc(p, {306, 284}, 26); });
  card.box(card.accent(), {236, 236}, {6, 66}, 3);
  card.box(card.accent(), {326, 220}, {6, 66}, 3);
  card.fill(card.accent(), [](Point p) {
    return std::max({std::abs(p.y - (176 - (p.x - 236) * 16 / 90)) - 17, 230 - p.x, p.x - 332});
  });
}

void draw_play(Card& card) {
  card.box(card.accent(), {256, 246}, {96, 70}, 18);
  card.fill(kPaper, [](Point p) { return triangle(p, {232, 208}, {300, 246}, {232, 284}) - 4; });
}

void draw_zip(Card& card) {
  for (int i = 0; i < 7; ++i) {
    const float x = i % 2 == 0 ? 245.0F : 267.0F;
    card.box(card.accent(), {x, 100 + 22 * static_cast<float>(i)}, {11, 11}, 2);
  }
  card.box(card.accent(), {256, 286}, {28, 34}, 10);
  card.box(kPaper, {256, 296}, {10, 14}, 6);
}

void draw_chart(Card& card) {
  constexpr std::array<float, 4> kHeights{44, 84, 62, 122};
  for (std::size_t i = 0; i < kHeights.size(); ++i) {
    const float height = kHeights[i];
    card.box(card.accent(), {184 + 48 * static_cast<float>(i), 314 - height / 2}, {17, height / 2}, 5);
  }
}

void draw_dots(Card& card) {
  for (int i = 0; i < 3; ++i) {
    const float x = 208 + 48 * static_cast<float>(i);
    card.fill(card.accent(), [=](Point p) { return disc(p, {x, 246}, 15); });
  }
}

Rgb accent_of(FileKind kind) {
  switch (kind) {
    case FileKind::document: return {58, 110, 190};
    case FileKind::image: return {46, 142, 122};
    case FileKind::audio: return {164, 78, 158};
    case FileKind::video: return {198, 74, 74};
    case FileKind::archive: return {184, 128, 48};
    case FileKind::data: return {74, 98, 122};
    case FileKind::other: return {112, 114, 122};
  }
  return {};
}

void draw_pictogram(Card& card, FileKind kind) {
  switch (kind) {
    case FileKind::document: return draw_lines(card);
    case FileKind::image: return draw_picture(card);
    case FileKind::audio: return draw_note(card);
    case FileKind::video: return draw_play(card);
    case FileKind::archive: return draw_zip(card);
    case FileKind::data: return draw_chart(card);
    case FileKind::other: return draw_dots(card);
  }
}

/// What follows the last dot, if it looks like an extension: a few letters and digits.
std::string extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view extension = name.substr(dot + 1);
  const bool plain = std::all_of(extension.begin(), extension.end(), [](char c) { return is_letter_or_digit(c); });
  return plain && extension.size() <= kExtensionChars ? to_lower(extension) : std::string();
}

struct KindOf {
  std::string_view word;  ///< an extension, or a media type's subtype
  FileKind kind;
};

constexpr KindOf kKinds[] = {
    {"pdf", FileKind::document},  {"txt", FileKind::document},  {"md", FileKind::document},
    {"doc", FileKind::document},  {"docx", FileKind::document}, {"odt", FileKind::document},
    {"html", FileKind::document}, {"log", FileKind::document},  {"rtf", FileKind::document},
    {"jpg", FileKind::image},     {"jpeg", FileKind::image},    {"webp", FileKind::image},
    {"png", FileKind::image},     {"gif", FileKind::image},     {"svg", FileKind::image},
    {"mp3", FileKind::audio},     {"wav", FileKind::audio},     {"flac", FileKind::audio},
    {"ogg", FileKind::audio},     {"mp4", FileKind::video},     {"webm", FileKind::video},
    {"mov", FileKind::video},     {"mkv", FileKind::video},     {"zip", FileKind::archive},
    {"gz", FileKind::archive},    {"gzip", FileKind::archive},  {"tgz", FileKind::archive},
    {"tar", FileKind::archive},   {"xz", FileKind::archive},    {"zst", FileKind::archive},
    {"zstd", FileKind::archive},  {"7z", FileKind::archive},    {"x-tar", FileKind::archive},
    {"json", FileKind::data},     {"csv", FileKind::data},      {"tsv", FileKind::data},
    {"xml", FileKind::data},      {"yaml", FileKind::data},     {"parquet", FileKind::data},
    {"ndjson", FileKind::data},   {"sqlite", FileKind::data},   {"toml", FileKind::data},
};

FileKind kind_of_word(std::string_view word) {
  for (const KindOf& entry : kKinds) {
    if (entry.word == word) return entry.kind;
  }
  return FileKind::other;
}

std::string subtype_of(std::string_view media_type) {
  const std::size_t slash = media_type.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view rest = media_type.substr(slash + 1);
  return to_lower(rest.substr(0, rest.find_first_of(";+ ")));
}

}  // namespace

FileKind file_kind(std::string_view media_type, std::string_view name) {
  const std::string type = to_lower(media_type);
  if (type.starts_with("image/")) return FileKind::image;
  if (type.starts_with("audio/")) return FileKind::audio;
  if (type.starts_with("video/")) return FileKind::video;
  if (const FileKind kind = kind_of_word(subtype_of(type)); kind != FileKind::other) return kind;
  if (const FileKind kind = kind_of_word(extension_of(name)); kind != FileKind::other) return kind;
  return type.starts_with("text/") ? FileKind::document : FileKind::other;
}

std::string card_label(std::string_view media_type, std::string_view name) {
  std::string label = extension_of(name);
  if (label.empty()) label = subtype_of(media_type);
  if (label.empty() || label == "octet-stream") label = "file";
  label = label.substr(0, kLabelChars);
  for (char& c : label) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return label;
}

std::string type_card_png(std::string_view media_type, std::string_view name) {
  const FileKind kind = file_kind(media_type, name);
  Card card(accent_of(kind));
  card.background();
  card.sheet();
  draw_pictogram(card, kind);
  card.label(card_label(media_type, name));
  auto png = encode_png(card.image(), {});
  TROUPE_ASSERT(png.ok(), "a card that we drew can be encoded");
  return std::move(*png);
}

}  // namespace troupe
