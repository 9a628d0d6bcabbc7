// A job's way as a person sees it, fed by the events of GET /v1/jobs/{id}/events. On a terminal: a bar for each step,
// redrawn in place, logs scrolling above. Elsewhere: a plain line for each change, so that a log of it can be read.
// Used by `job watch`, `job submit --watch` and the demo. Not thread-safe.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "codec/json.hpp"

namespace troupe::cli {

class ProgressView {
 public:
  /// Colour by NO_COLOR, 80 columns.
  ProgressView(std::ostream& out, bool terminal);
  explicit ProgressView(const Terminal& terminal);

  /// The job as `GET /v1/jobs/{id}` shows it, so that steps which have not begun have their bars too. Optional.
  void begin(const Json& job);
  /// `kind` is status, progress, log, asset, preview or approval; others are ignored. Events that do not look as they
  /// should are shown as far as they do.
  void on_event(std::string_view kind, const Json& data);
  /// The last line: how the job stands. Call once, at the end.
  void finish();

  const std::string& job_status() const { return status_; }
  /// Has the job's newest run ended?
  bool ended() const;

 private:
  struct Step {
    std::string name;
    std::string status = "pending";
    double progress = 0;
    std::string message;
    int told_tenth = 0;  ///< of the last progress line in plain mode
  };

  void take_steps(const Json& all);
  static double share_of(const Step& step);
  void on_status(const Json& data);
  void on_progress(const Json& data);
  void on_log(const Json& data);
  void on_asset(const Json& data);
  Step& step(const std::string& name);

  void say(const std::string& line);  ///< a line that stays
  void erase_bars();
  void draw_bars();
  std::string bar_line(const Step& step, std::size_t name_width) const;

  std::ostream& out_;
  const bool terminal_, colour_;
  const std::size_t width_;
  std::string status_, run_, message_, waiting_for_, error_;
  std::string last_said_;
  std::vector<Step> steps_;
  std::size_t bars_drawn_ = 0;  ///< lines on the screen that are ours to redraw
};

}  // namespace troupe::cli
