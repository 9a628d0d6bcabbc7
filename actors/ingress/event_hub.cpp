#include "actors/ingress/event_hub.hpp"

#include <mutex>

namespace troupe {
namespace {

bool matches(const EventFilter& filter, const LiveEvent& event) {
  if (filter.client_id && *filter.client_id != event.client_id) return false;
  if (!filter.kind.empty() && filter.kind != event.kind) return false;
  return filter.workflow_key.empty() || filter.workflow_key == event.workflow_key;
}

}  // namespace

class EventHub::Entry final : public Subscription {
 public:
  Entry(EventHub& hub, std::uint64_t id, std::optional<JobId> job) : hub_(hub), id_(id), job_(job) {}
  ~Entry() override { hub_.unsubscribe(id_, job_); }

 private:
  EventHub& hub_;
  const std::uint64_t id_;
  const std::optional<JobId> job_;
};

std::unique_ptr<Subscription> EventHub::subscribe(EventFilter filter, Function function) {
  const std::unique_lock lock(mutex_);
  const std::uint64_t id = next_id_++;
  const std::optional<JobId> job = filter.job;
  Watchers& watchers = job ? of_job_[*job] : of_all_;
  watchers.emplace(id, Watcher{std::move(filter), std::move(function)});
  ++count_;
  return std::make_unique<Entry>(*this, id, job);
}

void EventHub::unsubscribe(std::uint64_t id, const std::optional<JobId>& job) {
  const std::unique_lock lock(mutex_);
  if (!job) {
    of_all_.erase(id);
  } else if (const auto found = of_job_.find(*job); found != of_job_.end()) {
    found->second.erase(id);
    if (found->second.empty()) of_job_.erase(found);
  }
  --count_;
}

bool EventHub::watched(const JobId& job) const {
  if (count_ == 0) return false;
  const std::shared_lock lock(mutex_);
  return !of_all_.empty() || of_job_.contains(job);
}

void EventHub::publish(const LiveEventPtr& event) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, watcher] : of_all_)
    if (matches(watcher.filter, *event)) watcher.function(event);
  const auto found = of_job_.find(event->job);
  if (found == of_job_.end()) return;
  for (const auto& [id, watcher] : found->second)
    if (matches(watcher.filter, *event)) watcher.function(event);
}

}  // namespace troupe
