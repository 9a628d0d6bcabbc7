#include "executor_generate/progress.hpp"

#include <algorithm>
#include <iterator>

#include "image/png.hpp"

namespace troupe::generate {
namespace {

// A picture is shown when this much of it is painted.
constexpr float kShowings[] = {0.14F, 0.4F, 0.7F, 1.0F};
// The rest is developing, encoding and storing.
constexpr double kPaintingShare = 0.8;

}  // namespace

void Progress::begin(int ordinal, const Canvas& canvas) {
  ordinal_ = ordinal;
  canvas_ = &canvas;
  shown_ = 0;
  report(static_cast<double>(ordinal - 1) / count_);
}

bool Progress::advance(float fraction) {
  if (stopped_) return false;
  if (shown_ < static_cast<int>(std::size(kShowings)) && fraction >= kShowings[shown_] && is_due(last_preview_)) {
    while (shown_ < static_cast<int>(std::size(kShowings)) && fraction >= kShowings[shown_]) ++shown_;
    show();
  }
  if (is_due(last_report_)) report((ordinal_ - 1 + kPaintingShare * static_cast<double>(fraction)) / count_);
  return true;
}

void Progress::finish(int ordinal) { report(static_cast<double>(ordinal) / count_); }

void Progress::report(double fraction) {
  last_report_ = clock_.monotonic();
  sink_.progress(std::clamp(fraction, 0.0, 1.0), "image " + std::to_string(ordinal_) + " of " + std::to_string(count_));
}

void Progress::show() {
  PngOptions options;
  options.compression = 2;
  if (auto png = encode_png(canvas_->preview(kPreviewSide), options)) sink_.preview("image/png", std::move(*png));
}

bool Progress::is_due(Millis& last) {
  const Millis now = clock_.monotonic();
  if (now - last < kReportInterval) return false;
  last = now;
  return true;
}

}  // namespace troupe::generate
