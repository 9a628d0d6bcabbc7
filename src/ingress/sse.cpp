#include "ingress/sse.hpp"

#include <algorithm>

#include "ingress/live_stream.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

constexpr std::string_view kType = "text/event-stream";
constexpr std::string_view kRetry = "retry: 2000\n\n";
constexpr std::string_view kComment = ": still here\n\n";

/// Passes a job's events on until its newest run has ended.
class JobEvents {
 public:
  JobEvents(std::shared_ptr<LiveStream> live, RunId newest) : live_(std::move(live)), newest_(newest) {}

  void on_event(const LiveEvent& event) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    live_->send(format_event(event.kind, event.seq, event.data));
    newest_ = std::max(newest_, event.run);  // run ids sort by creation; a retry makes a greater one
    over_ = event.run_status && has_ended(*event.run_status) && event.run == newest_;
    if (over_) live_->close();
  }

 private:
  const std::shared_ptr<LiveStream> live_;
  std::mutex mutex_;
  RunId newest_;
  bool over_ = false;
};

std::shared_ptr<LiveStream> start(const ExchangePtr& exchange) {
  auto live = LiveStream::start(exchange, kType);
  live->send(std::string(kRetry));
  return live;
}

std::string snapshot(const JobView& job) { return format_event("status", 0, render_job_status(job)); }

}  // namespace

std::string format_event(std::string_view kind, std::uint64_t id, std::string_view data) {
  std::string text;
  if (id != 0) text += "id: " + std::to_string(id) + "\n";
  text.append("event: ").append(kind).append("\ndata: ").append(data).append("\n\n");
  return text;
}

void stream_job_events(const ExchangePtr& exchange, const JobView& job, std::optional<std::uint64_t> after_seq) {
  const bool ended = has_ended(job.newest.status);
  if (ended && after_seq && *after_seq >= job.row.last_seq) {
    Response nothing;
    nothing.status = 204;
    return exchange->respond(std::move(nothing));
  }
  const auto live = start(exchange);
  if (!after_seq) live->send(snapshot(job));
  if (ended && !after_seq) return live->close();

  EventFilter filter;
  filter.job = job.row.id;
  filter.client_id = exchange->caller.client_id;
  const auto events = std::make_shared<JobEvents>(live, job.row.run);
  live->subscribe(std::move(filter), after_seq.value_or(job.row.last_seq),
                  [events](const LiveEventPtr& event) { events->on_event(*event); });
  live->every(kHeartbeat, [live, ended, last = snapshot(job)] {
    // Of a job that had ended before, all durable events have come by now. Should none of them have told the end
    // (records can follow it), this does.
    live->send(ended ? last : std::string(kComment));
    if (ended) live->close();
  });
}

void stream_all_events(const ExchangePtr& exchange, EventFilter filter) {
  const auto live = start(exchange);
  live->subscribe(std::move(filter), std::nullopt,
                  [live](const LiveEventPtr& event) { live->send(format_event(event->kind, 0, event->data)); });
  live->every(kHeartbeat, [live] { live->send(std::string(kComment)); });
}

}  // namespace troupe::ingress
