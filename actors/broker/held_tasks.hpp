// Tasks that kill switches hold back, in the order in which they came.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/protocol/interfaces.hpp"

namespace troupe {

class HeldTasks {
 public:
  /// Once for each task.
  void add(const TaskOfferPtr& offer) {
    if (const auto [place, fresh] = places_.try_emplace(offer->task.key, next_); fresh) offers_[next_++] = offer;
  }
  /// Null: it is not held.
  TaskOfferPtr take(const TaskKey& task) {
    const auto place = places_.find(task);
    if (place == places_.end()) return nullptr;
    const auto offer = offers_.find(place->second);
    TaskOfferPtr taken = std::move(offer->second);
    offers_.erase(offer);
    places_.erase(place);
    return taken;
  }
  /// Takes out all for which the predicate holds.
  template <class Predicate>
  std::vector<TaskOfferPtr> take_if(Predicate predicate) {
    std::vector<TaskOfferPtr> taken;
    for (auto offer = offers_.begin(); offer != offers_.end();) {
      if (!predicate(*offer->second)) {
        ++offer;
        continue;
      }
      places_.erase(offer->second->task.key);
      taken.push_back(std::move(offer->second));
      offer = offers_.erase(offer);
    }
    return taken;
  }

 private:
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, TaskOfferPtr> offers_;
  std::unordered_map<TaskKey, std::uint64_t> places_;
};

}  // namespace troupe
