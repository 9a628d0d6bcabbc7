#include "actors/timer/timers.hpp"

#include <utility>

namespace troupe {

Timers::Key Timers::wake_at(Timestamp due, const RunActor& run) {
  return add(due, {caf::actor_cast<caf::weak_actor_ptr>(run), {}});
}

Timers::Key Timers::call_at(Timestamp due, std::function<void()> function) {
  return add(due, {{}, std::move(function)});
}

Timers::Key Timers::add(Timestamp due, Entry entry) {
  Key key{due, 0};
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);
    key.number = ++number_;
    entries_.emplace(key, std::move(entry));
    earlier = due < awaited_;
    if (earlier) awaited_ = due;
  }
  if (earlier && earlier_) earlier_();
  return key;
}

void Timers::forget(const Key& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key);
}

Timestamp Timers::fire(Timestamp now) {
  std::vector<Entry> due;
  {
    const std::lock_guard lock(mutex_);
    while (!entries_.empty() && entries_.begin()->first.due <= now)
      due.push_back(std::move(entries_.extract(entries_.begin()).mapped()));
  }
  for (Entry& entry : due) {
    if (entry.function)
      entry.function();
    else if (const auto run = caf::actor_cast<RunActor>(entry.run))
      caf::anon_send(run, Wake{});
  }
  const std::lock_guard lock(mutex_);
  return awaited_ = entries_.empty() ? Timestamp::max() : entries_.begin()->first.due;
}

Timestamp Timers::awaited() {
  const std::lock_guard lock(mutex_);
  return awaited_;
}

std::size_t Timers::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void Timers::on_earlier(std::function<void()> earlier) { earlier_ = std::move(earlier); }

void Timers::clear() {
  std::map<Key, Entry> entries;
  const std::lock_guard lock(mutex_);
  entries.swap(entries_);
  earlier_ = {};
}

}  // namespace troupe
