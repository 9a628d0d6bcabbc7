#include <array>
#include <cmath>

#include "executor_generate/noise.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

enum class Motif : std::uint8_t { quarter, leaf, disc, half, rings, stripes, steps, dots, triangle, eye, plain };

/// One square of the poster, larger ones covering four.
struct Tile {
  Vec corner;
  float size = 0;
  Motif motif = Motif::plain;
  Vec turn{1, 0};
  Colour ground, figure, detail;
};

float ring(float distance, float centre, float half_width) { return std::abs(distance - centre) - half_width; }

/// What a tile shows at `p` (0 … 1 in both directions, already turned): the colour, with soft edges.
Colour shade(const Tile& tile, Vec p, float pixel) {
  const auto over = [&](Colour below, Colour above, float distance) {
    return mix(below, above, coverage(distance, pixel));
  };
  const Vec middle = p - Vec{0.5F, 0.5F};
  const float from_middle = length(middle), from_corner = length(p);
  Colour colour = tile.ground;
  switch (tile.motif) {
    case Motif::quarter:
      colour = over(colour, tile.figure, from_corner - 1.0F);
      return over(colour, tile.detail, from_corner - 0.5F);
    case Motif::leaf: {
      const float leaf = std::max(from_corner - 1.0F, length(p - Vec{1, 1}) - 1.0F);
      return over(over(colour, tile.figure, leaf), tile.detail, from_middle - 0.12F);
    }
    case Motif::disc:
      colour = over(colour, tile.figure, from_middle - 0.42F);
      return over(colour, tile.detail, std::max(from_middle - 0.42F, -middle.y));
    case Motif::half:
      colour = over(colour, tile.figure, std::max(length(p - Vec{0.5F, 0}) - 0.5F, -p.y));
      return over(colour, tile.detail, std::max(length(p - Vec{0.5F, 0.5F}) - 0.5F, 0.5F - p.y));
    case Motif::rings:
      for (int i = 0; i < 4; ++i) {
        colour = over(colour, i % 2 == 0 ? tile.figure : tile.detail,
                      ring(from_corner, 0.22F + 0.2F * static_cast<float>(i), 0.065F));
      }
      return colour;
    case Motif::stripes: {
      const float phase = p.x * 5 - std::floor(p.x * 5);
      return over(colour, tile.figure, (std::abs(phase - 0.5F) - 0.25F) / 5);
    }
    case Motif::steps:
      for (int i = 0; i < 4; ++i) {
        const float edge = 0.25F * static_cast<float>(i);
        colour = over(colour, i % 2 == 0 ? tile.figure : tile.detail, std::max(edge - p.x, edge - p.y));
      }
      return colour;
    case Motif::dots: {
      const Vec cell{p.x * 4 - std::floor(p.x * 4) - 0.5F, p.y * 4 - std::floor(p.y * 4) - 0.5F};
      return over(colour, tile.figure, (length(cell) - 0.30F) / 4);
    }
    case Motif::triangle:
      colour = over(colour, tile.figure, (p.x - p.y) * 0.70711F);
      return over(colour, tile.detail, (p.x + 0.5F - p.y) * 0.70711F);
    case Motif::eye:
      colour = over(colour, tile.figure, from_middle - 0.46F);
      colour = over(colour, tile.ground, from_middle - 0.30F);
      return over(colour, tile.detail, from_middle - 0.16F);
    case Motif::plain: return colour;
  }
  return colour;
}

class Poster {
 public:
  Poster(const Canvas& canvas, const Palette& palette, Chance& chance) : palette_(palette) {
    const Vec half = canvas.half();
    const int across = 4 + chance.below(3);
    margin_ = 0.055F;
    side_ = (1.0F - 2 * margin_) / static_cast<float>(across);
    columns_ = std::max(1, static_cast<int>((half.x * 2 - 2 * margin_) / side_ + 0.001F));
    rows_ = std::max(1, static_cast<int>((half.y * 2 - 2 * margin_) / side_ + 0.001F));
    origin_ = {-side_ * static_cast<float>(columns_) / 2, -side_ * static_cast<float>(rows_) / 2};
    index_.assign(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_), -1);
    place_large(chance);
    for (int y = 0; y < rows_; ++y) {
      for (int x = 0; x < columns_; ++x) {
        if (slot(x, y) < 0) add(x, y, 1, chance);
      }
    }
  }

  Colour paper() const { return mix(palette_.lightest(), Colour{1, 1, 1}, 0.25F); }

  Colour at(Vec p, float pixel) const {
    const Vec q = (p - origin_) * (1.0F / side_);
    const auto x = static_cast<int>(std::floor(q.x)), y = static_cast<int>(std::floor(q.y));
    if (x < 0 || y < 0 || x >= columns_ || y >= rows_) return paper();
    const Tile& tile = tiles_[static_cast<std::size_t>(index_[static_cast<std::size_t>(y * columns_ + x)])];
    const Vec local = (q - tile.corner) * (1.0F / tile.size);
    const Vec centred = turned(local - Vec{0.5F, 0.5F}, tile.turn);
    return shade(tile, centred + Vec{0.5F, 0.5F}, pixel / (side_ * tile.size));
  }

 private:
  int& slot(int x, int y) { return index_[static_cast<std::size_t>(y * columns_ + x)]; }

  void place_large(Chance& chance) {
    const int wanted = std::max(1, columns_ * rows_ / 9);
    for (int tries = 0, placed = 0; tries < 40 && placed < wanted && columns_ > 1 && rows_ > 1; ++tries) {
      const int x = chance.below(columns_ - 1);
      const int y = chance.below(rows_ - 1);
      if (slot(x, y) >= 0 || slot(x + 1, y) >= 0 || slot(x, y + 1) >= 0 || slot(x + 1, y + 1) >= 0) continue;
      add(x, y, 2, chance);
      ++placed;
    }
  }

  void add(int x, int y, int size, Chance& chance) {
    static constexpr Motif kMotifs[] = {Motif::quarter, Motif::quarter, Motif::leaf,  Motif::leaf,     Motif::disc,
                                        Motif::half,    Motif::rings,   Motif::rings, Motif::stripes,  Motif::steps,
                                        Motif::dots,    Motif::eye,     Motif::plain, Motif::triangle, Motif::quarter};
    static constexpr Vec kTurns[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    Tile tile;
    tile.corner = {static_cast<float>(x), static_cast<float>(y)};
    tile.size = static_cast<float>(size);
    tile.motif = size > 1 ? kMotifs[chance.below(8)] : kMotifs[chance.below(15)];
    tile.turn = kTurns[chance.below(4)];
    // Three different colours out of five swatches and the paper.
    const int ground = chance.below(kSwatches + 1);
    const int figure = (ground + 1 + chance.below(kSwatches)) % (kSwatches + 1);
    int detail = chance.below(kSwatches + 1);
    while (detail == ground || detail == figure) detail = (detail + 1) % (kSwatches + 1);
    tile.ground = colour(ground);
    tile.figure = colour(figure);
    tile.detail = colour(detail);
    for (int dy = 0; dy < size; ++dy) {
      for (int dx = 0; dx < size; ++dx) slot(x + dx, y + dy) = static_cast<int>(tiles_.size());
    }
    tiles_.push_back(tile);
  }

  Colour colour(int i) const { return i == kSwatches ? mix(palette_.lightest(), paper(), 0.4F) : palette_.swatch(i); }

  const Palette& palette_;
  float margin_ = 0, side_ = 1;
  int columns_ = 1, rows_ = 1;
  Vec origin_;
  std::vector<int> index_;
  std::vector<Tile> tiles_;
};

}  // namespace

bool paint_bauhaus(Painting& painting) {
  Chance chance(painting.seed);
  const Poster poster(painting.canvas, painting.palette, chance);
  const Noise grain(chance.next()), wear(chance.next());
  const float pixel = painting.canvas.pixel();
  return paint_rows(painting, 0, 1, [&](Vec p) {
    // Ink on rough paper: a fine grain, and slightly uneven coats.
    const float ink = 1.0F + 0.045F * grain.at(p * 190) + 0.05F * wear.fractal(p * 5, 3);
    return poster.at(p, pixel) * ink;
  });
}

}  // namespace troupe::generate
