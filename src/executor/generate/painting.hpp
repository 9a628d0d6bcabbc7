// The styles, and what a painter is given and reports to.
//
// A painter is a plain function: it reads the palette, draws its chances from the seed, paints the canvas, and tells
// the monitor how far it is. It owns no thread and knows no job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executor_generate/canvas.hpp"
#include "executor_generate/palette.hpp"

namespace troupe::generate {

enum class Style : std::uint8_t { flow, landscape, stained_glass, marble, bauhaus, starry, papercut };
inline constexpr int kStyles = 7;

std::string_view style_text(Style style);
std::optional<Style> style_from_text(std::string_view text);
/// By the words of the prompt ('mountain', 'cathedral', 'poster' …), else by its hash.
Style style_for(const std::vector<std::string>& words, std::uint64_t prompt_hash);

/// Told of the work, at least every few milliseconds of it.
class PaintMonitor {
 public:
  virtual ~PaintMonitor() = default;
  /// fraction 0 … 1 of this picture, never falling. False: stop painting now.
  virtual bool advance(float fraction) = 0;
};

struct Painting {
  Canvas& canvas;
  const Palette& palette;
  std::uint64_t seed;
  PaintMonitor& monitor;
};

/// Paints one picture. False when the monitor stopped it.
bool paint(Style style, Painting& painting);

/// Calls `shade(place)` for every pixel, as `fraction` goes from `from` to `to`. Rows come coarse to fine and are
/// repeated downwards, so that a preview shows the whole picture after an eighth of the work.
template <class Shade>
bool paint_rows(Painting& painting, float from, float to, Shade shade) {
  Canvas& canvas = painting.canvas;
  constexpr int kCoarsest = 8;
  int painted = 0;
  for (int step = kCoarsest; step >= 1; step /= 2) {
    const bool first = step == kCoarsest;
    for (int y = first ? 0 : step; y < canvas.height(); y += first ? step : 2 * step) {
      for (int x = 0; x < canvas.width(); ++x) canvas.at(x, y) = shade(canvas.place(x, y));
      canvas.repeat_row(y, step - 1);
      ++painted;
      const float share = static_cast<float>(painted) / static_cast<float>(canvas.height());
      if (!painting.monitor.advance(lerp(from, to, share))) return false;
    }
  }
  return true;
}

}  // namespace troupe::generate
