// Tells a task's sink how far its pictures are, and shows them as they grow; and passes a stop on to the painter, which
// asks it every few rows.
#pragma once

#include <atomic>

#include "executor_generate/painting.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/port/executor.hpp"

namespace troupe::generate {

/// Longer side of a preview.
inline constexpr int kPreviewSide = 192;
/// Between two previews, and between two reports of progress: eight a second are as good as more to a watcher.
inline constexpr Millis kReportInterval{125};

class Progress final : public PaintMonitor {
 public:
  Progress(TaskSink& sink, Clock& clock, const std::atomic<bool>& stopped, int count)
      : sink_(sink), clock_(clock), stopped_(stopped), count_(count) {}

  /// The picture that the calls of advance() are about from now on; the canvas must live until finish().
  void begin(int ordinal, const Canvas& canvas);
  bool advance(float fraction) override;
  void finish(int ordinal);

 private:
  void report(double fraction);
  void show();
  bool is_due(Millis& last);

  TaskSink& sink_;
  Clock& clock_;
  const std::atomic<bool>& stopped_;
  const int count_;
  int ordinal_ = 0;
  const Canvas* canvas_ = nullptr;
  int shown_ = 0;  ///< previews of this picture
  Millis last_report_{-1'000'000};
  Millis last_preview_{-1'000'000};
};

}  // namespace troupe::generate
