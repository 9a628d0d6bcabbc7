// Tasks that their runs have given up and that have not stopped yet, and what waits for that: the next attempt of the
// same item, and whatever undoes the run. So two attempts never work at once, and nothing is undone that is still being
// done. One that does not stop (SlotStuck) is waited for no longer.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "actors/protocol/interfaces.hpp"

namespace troupe {

class StoppingTasks {
 public:
  void add(const TaskKey& task) {
    std::vector<TaskKey>& stopping = runs_[task.run].stopping;
    if (std::find(stopping.begin(), stopping.end(), task) == stopping.end()) stopping.push_back(task);
  }

  /// True if something is in its way: then it waits from now on, once.
  bool hold(const TaskOfferPtr& offer) {
    const auto run = runs_.find(offer->task.key.run);
    if (run == runs_.end() || !is_in_the_way(run->second, offer->task.key)) return false;
    take(offer->task.key);
    run->second.waiting.push_back(offer);
    ++waiting_;
    return true;
  }
  /// Null: it does not wait.
  TaskOfferPtr take(const TaskKey& task) {
    const auto run = runs_.find(task.run);
    if (run == runs_.end()) return nullptr;
    const auto taken = take_if(run->second, [&](const TaskOffer& offer) { return offer.task.key == task; });
    return taken.empty() ? nullptr : taken.front();
  }
  /// Nothing of this run waits any more: it is gone.
  void abandon(const caf::actor_addr& run) {
    for (auto& [id, known] : runs_) take_if(known, [&](const TaskOffer& offer) { return offer.run.address() == run; });
  }

  /// It has stopped, or is waited for no longer: gives those whose way is free now, in the order in which they came.
  std::vector<TaskOfferPtr> remove(const TaskKey& task) {
    const auto run = runs_.find(task.run);
    if (run == runs_.end()) return {};
    std::erase(run->second.stopping, task);
    auto free =
        take_if(run->second, [&](const TaskOffer& offer) { return !is_in_the_way(run->second, offer.task.key); });
    if (run->second.stopping.empty()) runs_.erase(run);
    return free;
  }

  std::size_t waiting() const { return waiting_; }

 private:
  struct Run {
    std::vector<TaskKey> stopping;
    std::vector<TaskOfferPtr> waiting;
  };

  static bool is_in_the_way(const Run& run, const TaskKey& task) {
    return std::any_of(run.stopping.begin(), run.stopping.end(), [&](const TaskKey& stopping) {
      return task.compensation || (stopping.step == task.step && stopping.item == task.item);
    });
  }
  template <class Predicate>
  std::vector<TaskOfferPtr> take_if(Run& run, Predicate predicate) {
    const auto taken = std::stable_partition(run.waiting.begin(), run.waiting.end(),
                                             [&](const TaskOfferPtr& offer) { return !predicate(*offer); });
    std::vector<TaskOfferPtr> offers(taken, run.waiting.end());
    run.waiting.erase(taken, run.waiting.end());
    waiting_ -= offers.size();
    return offers;
  }

  std::unordered_map<RunId, Run> runs_;
  std::size_t waiting_ = 0;
};

}  // namespace troupe
