#include "cli/progress_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "cli/display.hpp"

namespace troupe::cli {
namespace {

constexpr std::size_t kBarColumns = 24;
constexpr std::size_t kNameColumnsMax = 28;

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  return !(no_colour && *no_colour);
}

bool is_end(std::string_view status) { return status == "success" || status == "failed" || status == "cancelled"; }

double fraction(const Json& value) { return value.is_number() ? std::clamp(value.get<double>(), 0.0, 1.0) : 0; }

/// `01:02:03 ` of an event's time; nothing if it has none.
std::string clock_time(const Json& data) {
  const std::string at = short_time(member_text(data, "at"));
  return at.size() == 19 ? at.substr(11) + "  " : std::string();
}

}  // namespace

ProgressView::ProgressView(std::ostream& out, bool terminal)
    : out_(out), terminal_(terminal), colour_(terminal && colour_wanted()), width_(80) {}

ProgressView::ProgressView(const Terminal& terminal)
    : out_(terminal.out),
      terminal_(terminal.interactive),
      colour_(terminal.colour),
      width_(static_cast<std::size_t>(std::max(terminal.width, 20))) {}

bool ProgressView::ended() const { return is_end(status_); }

void ProgressView::begin(const Json& job) {
  if (const Json& all = member(job, "steps"); all.is_array()) take_steps(all);
  run_ = member_text(job, "execution_id");
}

void ProgressView::take_steps(const Json& all) {
  for (const Json& one : all) {
    Step& known = step(member_text(one, "name"));
    known.status = member_text(one, "status");
    known.progress = fraction(member(one, "progress"));
  }
}

void ProgressView::on_event(std::string_view kind, const Json& data) {
  if (kind == "status") on_status(data);
  if (kind == "progress") on_progress(data);
  if (kind == "log") on_log(data);
  if (kind == "asset") on_asset(data);
  if (terminal_) {
    erase_bars();
    draw_bars();
  }
  out_.flush();
}

void ProgressView::on_status(const Json& data) {
  const std::string run = member_text(data, "run_id");
  if (!run.empty() && run != run_)  // a retry: its steps begin anew
    for (Step& known : steps_) known = {.name = known.name};
  if (!run.empty()) run_ = run;
  const std::string before = status_;
  status_ = member_text(data, "status");
  message_ = member_text(data, "message");
  waiting_for_ = member_text(data, "waiting_for");
  if (const Json& error = member(data, "error"); error.is_object())
    error_ = member_text(error, "code") + ": " + member_text(error, "message");

  const std::string name = member_text(data, "step");
  if (!name.empty()) {
    Step& moved = step(name);
    if (const std::string to = member_text(data, "step_status"); !to.empty()) moved.status = to;
    if (is_end(moved.status)) moved.message.clear();
  }
  if (terminal_) return;

  std::string line;
  if (!name.empty()) {
    const Step& moved = step(name);
    line = name + "  " + moved.status;
    const Json& attempt = member(data, "attempt");
    if (attempt.is_number_integer() && attempt.get<std::int64_t>() > 1) line += "  attempt " + to_text(attempt);
    if (const Json& item = member(data, "item"); item.is_number_integer()) line += "  item " + to_text(item);
    if (const Json& error = member(data, "error"); error.is_object()) line += "  " + member_text(error, "message");
  } else if (status_ != before || !waiting_for_.empty()) {
    line = "job  " + status_ + (waiting_for_.empty() ? "" : "  waiting for " + waiting_for_);
  }
  if (!line.empty() && line != last_said_) say(clock_time(data) + line);
  last_said_ = line.empty() ? last_said_ : line;
}

void ProgressView::on_progress(const Json& data) {
  Step& moved = step(member_text(data, "step"));
  const std::string message = member_text(data, "message");
  const bool new_message = !message.empty() && message != moved.message;
  moved.progress = fraction(member(data, "progress"));
  if (!message.empty()) moved.message = message;
  if (moved.status == "pending") moved.status = "running";
  const int tenth = static_cast<int>(moved.progress * 10);
  if (terminal_ || (!new_message && tenth <= moved.told_tenth)) return;
  moved.told_tenth = tenth;
  say(clock_time(data) + moved.name + "  " + percent(moved.progress) + (message.empty() ? "" : "  " + message));
}

void ProgressView::on_log(const Json& data) {
  const Json& text = member(data, "text");
  if (!text.is_string()) return;
  std::istringstream lines(printable(text.get_ref<const std::string&>(), true));
  for (std::string line; std::getline(lines, line);) say(member_text(data, "step") + " | " + line);
}

void ProgressView::on_asset(const Json& data) {
  std::string line =
      member_text(data, "step") + "  asset " + member_text(data, "id") + "  " + member_text(data, "media_type");
  const std::string width = member_text(data, "width"), height = member_text(data, "height");
  if (!width.empty() && width != "0") line += "  " + width + "x" + height;
  if (const std::string url = member_text(data, "url"); !url.empty()) line += "  " + url;
  say(line);
}

ProgressView::Step& ProgressView::step(const std::string& name) {
  const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const Step& known) { return known.name == name; });
  if (found != steps_.end()) return *found;
  steps_.push_back({.name = name});
  return steps_.back();
}

void ProgressView::say(const std::string& line) {
  erase_bars();
  out_ << line << '\n';
}

void ProgressView::erase_bars() {
  if (bars_drawn_ == 0) return;
  out_ << "\x1b[" << bars_drawn_ << "A\r\x1b[J";  // up to the first bar, then clear to the end of the screen
  bars_drawn_ = 0;
}

void ProgressView::draw_bars() {
  std::size_t name_width = 3;
  for (const Step& one : steps_) name_width = std::max(name_width, std::min(columns(one.name), kNameColumnsMax));
  for (const Step& one : steps_) out_ << bar_line(one, name_width) << '\n';
  Step whole{.name = "job", .status = status_, .message = message_};
  for (const Step& one : steps_) whole.progress += share_of(one) / static_cast<double>(steps_.size());
  if (!waiting_for_.empty()) whole.message = "waiting for " + waiting_for_;
  out_ << bar_line(whole, name_width) << '\n';
  bars_drawn_ = steps_.size() + 1;
}

double ProgressView::share_of(const Step& step) {
  return step.status == "success" || step.status == "skipped" ? 1.0 : step.progress;
}

/// Never wider than the terminal: a line that wraps could not be redrawn in place.
std::string ProgressView::bar_line(const Step& step, std::size_t name_width) const {
  const double share = share_of(step);
  const auto filled = static_cast<std::size_t>(std::lround(share * kBarColumns));
  std::string name = cut(step.name, name_width);
  name += std::string(name_width - columns(name), ' ');
  const std::string bar = std::string(filled, '#') + std::string(kBarColumns - filled, '.');
  std::string share_text = percent(share);
  share_text.insert(0, 4 - std::min<std::size_t>(share_text.size(), 4), ' ');
  const std::string line =
      name + " [" + bar + "] " + share_text + "  " + step.status + (step.message.empty() ? "" : "  " + step.message);
  return in_status_colour(step.status, cut(line, width_ - 1), colour_);
}

void ProgressView::finish() {
  if (terminal_) {
    erase_bars();
    draw_bars();
    bars_drawn_ = 0;
  }
  if (ended()) {
    out_ << in_status_colour(status_, status_, colour_);
    if (status_ != "success" && !error_.empty()) out_ << "  " << error_;
    out_ << '\n';
  }
  out_.flush();
}

}  // namespace troupe::cli
