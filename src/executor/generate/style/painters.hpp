// The painters, one file each. All are deterministic in the painting's palette, seed and size; false means stopped.
#pragma once

#include "executor_generate/painting.hpp"

namespace troupe::generate {

/// Ribbons that follow a field of noise and never cross.
bool paint_flow(Painting& painting);
/// Ridges behind ridges in the mist, a sun or moon, sometimes a lake that mirrors them.
bool paint_landscape(Painting& painting);
/// Panes of coloured glass in lead, as a field or as a rose window.
bool paint_stained_glass(Painting& painting);
/// Noise that bends noise, with veins of the accent colour.
bool paint_marble(Painting& painting);
/// A poster of quarter circles, discs, stripes and steps on paper.
bool paint_bauhaus(Painting& painting);
/// The Milky Way or an aurora over a line of hills and firs.
bool paint_starry(Painting& painting);
/// Sheets of coloured paper, cut along contours and stacked with soft shadows.
bool paint_papercut(Painting& painting);

}  // namespace troupe::generate
