// What waits for a writer. Whoever puts a change while the writer rests has to wake it; while it is awake nobody has
// to, so that a batch costs one message, however many changes it has.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "actors/protocol/messages.hpp"

namespace troupe {

class ChangeQueue {
 public:
  /// True: the writer rests, and the caller sends it a Flush. It counts as awake from then on.
  [[nodiscard]] bool put(PersistPtr change) {
    const std::lock_guard lock(mutex_);
    changes_.push_back(std::move(change));
    return !std::exchange(awake_, true);
  }
  /// Likewise, without a change.
  [[nodiscard]] bool wake() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(awake_, true);
  }

  /// For the writer to know before it sees any change of these jobs.
  void tell(OpenJobsFound found) {
    const std::lock_guard lock(mutex_);
    found_.push_back(std::move(found));
  }

  // By the writer, which is awake:

  /// Moves the changes behind what `waiting` holds, in order, and gives what was found before them.
  std::vector<OpenJobsFound> take(std::vector<PersistPtr>& waiting) {
    const std::lock_guard lock(mutex_);
    if (waiting.empty()) {
      waiting.swap(changes_);
    } else {
      waiting.insert(waiting.end(), std::make_move_iterator(changes_.begin()), std::make_move_iterator(changes_.end()));
      changes_.clear();
    }
    return std::exchange(found_, {});
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return changes_.size();
  }
  /// False: more has come meanwhile, and the writer stays awake.
  [[nodiscard]] bool rest() {
    const std::lock_guard lock(mutex_);
    if (changes_.empty()) awake_ = false;
    return !awake_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<PersistPtr> changes_;
  std::vector<OpenJobsFound> found_;
  bool awake_ = false;
};

}  // namespace troupe
