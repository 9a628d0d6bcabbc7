#include "executor_generate/painting.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "codec/step_config.hpp"
#include "executor_generate/style/painters.hpp"

namespace troupe::generate {
namespace {

struct StyleEntry {
  Style style;
  bool (*painter)(Painting&);
  std::string_view words;  ///< words of a prompt that ask for it
};

constexpr StyleEntry kTable[] = {
    {Style::flow, paint_flow, " flow wind river hair fur ribbon current dance music motion curve "},
    {Style::landscape, paint_landscape,
     " landscape mountain valley hill sunset sunrise dawn mist fog lake alps peak horizon canyon desert forest "},
    {Style::stained_glass, paint_stained_glass,
     " glass stained mosaic cathedral church crystal gem jewel kaleidoscope rosette rose tile "},
    {Style::marble, paint_marble, " marble liquid ink smoke fluid agate stone lava gold oil silk abstract "},
    {Style::bauhaus, paint_bauhaus,
     " bauhaus geometric geometry poster product retro vintage modern minimal logo pattern shape circle "},
    {Style::starry, paint_starry,
     " night star starry space galaxy milky cosmos nebula aurora moon midnight sky universe constellation "},
    {Style::papercut, paint_papercut,
     " paper papercut cut layer layered ocean sea wave reef cave topographic contour coral neon "},
};
static_assert(std::size(kTable) == kStyles && std::size(kGenerateStyles) == kStyles);

}  // namespace

std::string_view style_text(Style style) { return kGenerateStyles[static_cast<std::size_t>(style)]; }

std::optional<Style> style_from_text(std::string_view text) {
  const auto found = std::find(std::begin(kGenerateStyles), std::end(kGenerateStyles), text);
  if (found == std::end(kGenerateStyles)) return std::nullopt;
  return kTable[found - std::begin(kGenerateStyles)].style;
}

Style style_for(const std::vector<std::string>& words, std::uint64_t prompt_hash) {
  for (const std::string& word : words) {
    const std::string sought = " " + word + " ";
    for (const StyleEntry& entry : kTable) {
      if (entry.words.find(sought) != std::string_view::npos) return entry.style;
    }
  }
  return kTable[(prompt_hash >> 20) % kStyles].style;
}

bool paint(Style style, Painting& painting) { return kTable[static_cast<std::size_t>(style)].painter(painting); }

}  // namespace troupe::generate
