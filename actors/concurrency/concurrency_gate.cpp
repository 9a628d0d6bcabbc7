#include "actors/concurrency/concurrency_gate.hpp"

#include <utility>

namespace troupe {

bool ConcurrencyGate::enter(const Claim& claim) {
  Calls calls;
  bool begins = false;
  {
    const std::lock_guard lock(mutex_);
    if (const auto before = entries_.find(claim.job); before != entries_.end()) remove(before, calls);
    const auto entry = add(claim);
    begins = has_slot(entry->second.group) && !entry->second.group->second.waiting;
    if (begins)
      begin(entry->second);
    else
      queue_up(entry, claim);
  }
  for (const auto& call : calls) call();
  return begins;
}

void ConcurrencyGate::restore(const Claim& claim, bool held) {
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = entries_.find(claim.job); known != entries_.end()) {
      if (known->second.run == claim.run) return;
      remove(known, calls);
    }
    const auto entry = add(claim);
    if (held) {
      queue_up(entry, claim);
      admit(entry->second.group, calls);
    } else {
      begin(entry->second);
    }
  }
  for (const auto& call : calls) call();
}

void ConcurrencyGate::wait(const JobId& job, const RunId& run, std::function<void()> turn_came) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(job);
    if (entry == entries_.end() || entry->second.run != run) return;
    if (!entry->second.under_way) {
      entry->second.turn_came = std::move(turn_came);
      return;
    }
  }
  turn_came();
}

void ConcurrencyGate::leave(const JobId& job, const RunId& run) {
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(job);
    if (entry != entries_.end() && entry->second.run == run) remove(entry, calls);
  }
  for (const auto& call : calls) call();
}

void ConcurrencyGate::leave(const JobId& job) {
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    if (const auto entry = entries_.find(job); entry != entries_.end()) remove(entry, calls);
  }
  for (const auto& call : calls) call();
}

void ConcurrencyGate::open() {
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
    for (auto group = groups_.begin(); group != groups_.end(); ++group) admit(group, calls);
  }
  for (const auto& call : calls) call();
}

void ConcurrencyGate::limit_changed(const std::string& workflow) {
  Calls calls;
  {
    const std::lock_guard lock(mutex_);
    for (auto group = groups_.lower_bound({workflow, {}}); group != groups_.end() && group->first.first == workflow;
         ++group)
      admit(group, calls);
  }
  for (const auto& call : calls) call();
}

ConcurrencyGate::Counts ConcurrencyGate::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool ConcurrencyGate::has_slot(const Groups::iterator& group) const {
  if (!open_) return false;
  const int limit = limit_of_(group->first.first);
  return limit == 0 || group->second.under_way < static_cast<std::size_t>(limit);
}

ConcurrencyGate::Entries::iterator ConcurrencyGate::add(const Claim& claim) {
  const auto group = groups_.try_emplace({claim.workflow, claim.key}).first;
  return entries_.insert_or_assign(claim.job, Entry{claim.run, group, false, {}, {}}).first;
}

void ConcurrencyGate::begin(Entry& entry) {
  entry.under_way = true;
  ++entry.group->second.under_way;
  ++counts_.under_way;
}

void ConcurrencyGate::queue_up(Entries::iterator entry, const Claim& claim) {
  std::unique_ptr<Queue>& waiting = entry->second.group->second.waiting;
  if (!waiting) waiting = std::make_unique<Queue>(rules_);
  entry->second.place = waiting->push(claim.job, claim.priority, claim.client, claim.since);
  ++counts_.held;
}

void ConcurrencyGate::remove(Entries::iterator entry, Calls& calls) {
  const auto group = entry->second.group;
  if (entry->second.under_way) {
    --group->second.under_way;
    --counts_.under_way;
  } else {
    group->second.waiting->remove(entry->second.place);
    if (group->second.waiting->empty()) group->second.waiting.reset();
    --counts_.held;
  }
  entries_.erase(entry);
  admit(group, calls);
  if (group->second.under_way == 0 && !group->second.waiting) groups_.erase(group);
}

void ConcurrencyGate::admit(Groups::iterator group, Calls& calls) {
  std::unique_ptr<Queue>& waiting = group->second.waiting;
  while (waiting && has_slot(group)) {
    Entry& entry = entries_.at(*waiting->pop(clock_.now()));
    if (waiting->empty()) waiting.reset();
    begin(entry);
    --counts_.held;
    if (entry.turn_came) calls.push_back(std::exchange(entry.turn_came, nullptr));
  }
}

}  // namespace troupe
