// Subscriptions to live events, with a resume from the journal that neither loses nor repeats a durable event.
#include "actors/ingress/event_hub.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/run/live_events.hpp"

namespace troupe {
namespace {

/// While the journal is being read, live events are held back; then those that the journal did not tell already follow.
/// When there are too many to hold, the durable ones among them are in the journal by then: it is read once more.
class Resuming {
 public:
  Resuming(std::function<void(LiveEventPtr)> event, std::uint64_t after_seq)
      : event_(std::move(event)), told_(after_seq) {}

  void on_live(const LiveEventPtr& event) {
    const std::lock_guard lock(mutex_);
    if (caught_up_)
      tell(event);
    else if (!missed_)
      hold(event);
  }

  void on_stored(const std::vector<LiveEventPtr>& events) {
    const std::lock_guard lock(mutex_);
    for (const LiveEventPtr& event : events) tell(event);
  }

  /// False: events were missed meanwhile, and the journal is to be read on.
  bool catch_up() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(missed_, false)) return false;
    caught_up_ = true;
    for (const LiveEventPtr& event : std::exchange(held_, {})) tell(event);
    return true;
  }

  std::uint64_t told() const { return told_; }

 private:
  void hold(const LiveEventPtr& event) {
    held_.push_back(event);
    if (held_.size() <= limits::kEventsHeld) return;
    held_.clear();
    missed_ = true;
  }

  void tell(const LiveEventPtr& event) {
    if (event->seq != 0 && event->seq <= told_) return;
    if (event->seq != 0) told_ = event->seq;
    event_(event);
  }

  std::mutex mutex_;
  std::function<void(LiveEventPtr)> event_;
  std::uint64_t told_;
  bool caught_up_ = false;
  bool missed_ = false;
  std::vector<LiveEventPtr> held_;
};

Result<Done> replay(StoreReader& reader, const JobId& job, Resuming& resuming) {
  const auto row = reader.job(job);
  if (!row) return row.error();
  if (!*row) return Done{};
  const EventSubject subject{job, (*row)->job_id, (*row)->client_id, (*row)->workflow_key};
  for (std::uint64_t from = resuming.told() + 1;;) {
    JournalQuery query;
    query.chain = job.as<ChainId>();
    query.from_seq = from;
    const auto rows = reader.journal(query);
    if (!rows) return rows.error();
    for (const JournalRow& journal : *rows)
      resuming.on_stored(events_of_records(subject, journal.records, resuming.told()));
    if (rows->size() < query.rows) return Done{};
    from = rows->back().first_seq + rows->back().count;
  }
}

}  // namespace

std::unique_ptr<Subscription> NodeGateway::subscribe(const Caller& caller, EventFilter filter,
                                                     std::optional<std::uint64_t> after_seq,
                                                     std::function<void(LiveEventPtr)> event) {
  if (caller.client_id) filter.client_id = caller.client_id;
  if (!after_seq || !filter.job) return node_.events.subscribe(std::move(filter), std::move(event));

  const JobId job = *filter.job;
  auto resuming = std::make_shared<Resuming>(std::move(event), *after_seq);
  auto subscription =
      node_.events.subscribe(std::move(filter), [resuming](const LiveEventPtr& live) { resuming->on_live(live); });
  node_.blocking.run_always([this, job, resuming] {
    do {
      if (auto replayed = replay(node_.reader, job, *resuming); !replayed)
        node_.log.write(log::Level::warning, "a watcher could not be brought up to date",
                        {{"job", to_string(job)}, {"error", replayed.error().message}});
    } while (!resuming->catch_up());
  });
  return subscription;
}

}  // namespace troupe
