// One picture of a request, from blank canvas to PNG. The same request and ordinal give the same pixels on every run.
#pragma once

#include <optional>

#include "executor_generate/painting.hpp"
#include "executor_generate/request.hpp"
#include "image/image.hpp"
#include "troupe/base/result.hpp"

namespace troupe::generate {

class Picture {
 public:
  /// `ordinal` counts from 1.
  Picture(const Request& request, int ordinal);

  /// The canvas as it is now; previews are taken from it.
  const Canvas& canvas() const { return canvas_; }
  /// False when the monitor stopped it. The monitor goes on being asked by the two steps after.
  bool paint(PaintMonitor& monitor);
  /// Nothing when stopped.
  std::optional<Image> develop(PaintMonitor& monitor) const;
  /// With what made it in its text chunks. Fails with `cancelled` when stopped.
  Result<std::string> encode(const Image& image, PaintMonitor& monitor) const;

 private:
  const Request& request_;
  int ordinal_;
  Canvas canvas_;
};

}  // namespace troupe::generate
