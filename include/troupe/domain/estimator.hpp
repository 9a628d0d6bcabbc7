// How long will a run take from here? From what steps of its workflow took lately, and from how long a worker has to be
// waited for now. Pure: what was observed and how the queues stand is passed in.
//
//   a step that is ahead     the wait for a worker, then what it usually takes (the median of the last times)
//   one that is under way    what it usually takes of those that took as long already
//   steps one after another  add up; of those beside each other the longest counts
//   the whole                times how much longer the last runs took than was said of them: so that half of all
//                            runs end earlier and half later, whatever the steps do not tell
//
// Nobody can tell, as long as a person has to do something, or work is undone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// The last so many numbers of one kind. A number is forgotten when as many have come after it.
template <std::size_t Size>
class Recent {
 public:
  void add(std::uint32_t number) {
    if (count_ == Size) {
      drop(ring_[next_]);
      sum_ -= ring_[next_];
    }
    insert(number);
    sum_ += number;
    ring_[next_] = number;
    next_ = (next_ + 1) % Size;
  }

  std::size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// Of none: 0.
  std::uint32_t median() const { return count_ == 0 ? 0 : sorted_[(count_ - 1) / 2]; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  /// The median of those that are greater; nothing if none is.
  std::optional<std::uint32_t> median_above(std::uint32_t number) const {
    std::size_t first = count_;
    while (first > 0 && sorted_[first - 1] > number) --first;
    if (first == count_) return std::nullopt;
    return sorted_[first + (count_ - first - 1) / 2];
  }

 private:
  // Kept sorted, so that the median costs nothing where it is asked for: a few compares and a short move to add one.
  void insert(std::uint32_t number) {
    std::size_t place = count_++;
    for (; place > 0 && sorted_[place - 1] > number; --place) sorted_[place] = sorted_[place - 1];
    sorted_[place] = number;
  }
  void drop(std::uint32_t number) {
    std::size_t place = 0;
    while (sorted_[place] != number) ++place;
    --count_;
    for (; place < count_; ++place) sorted_[place] = sorted_[place + 1];
  }

  std::array<std::uint32_t, Size> ring_{}, sorted_{};
  std::size_t next_ = 0, count_ = 0;
  std::uint64_t sum_ = 0;
};

/// What was observed of the runs of one workflow, in all its versions.
class WorkflowHistory {
 public:
  static constexpr std::size_t kStepsMost = 64;  ///< further ones are guessed at

  /// A step's item was done: so long after it first started. A skipped step took no time.
  void step_took(const StepDefinition& step, Millis time);
  /// The list of a for_each had so many items.
  void step_had(const StepDefinition& step, ItemIndex items);
  /// A run ended, so long after something was said of it.
  void run_took(Millis time, Millis said);

  struct Step {
    StepType type = StepType::noop;
    Recent<32> times;  ///< milliseconds
    Recent<32> items;
  };
  /// Null while it was never observed, or was of another type.
  const Step* find(const StepDefinition& step) const;
  /// Were all steps that take time seen to take it? Else what is said is a guess, from which nothing is to be learned.
  bool knows(const WorkflowDefinition& workflow) const;
  /// How much longer than was said.
  double correction() const;

 private:
  Step* find_or_make(const StepDefinition& step);

  std::unordered_map<std::string, Step> steps_;
  Recent<32> ratios_;  ///< thousandths
};

/// How things stand, for one run.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  /// Until a worker takes a task of this step that is ready now; `later`: not now, but when the step's turn comes.
  virtual Millis wait(StepIndex step, bool later) const = 0;
  /// Workers take so many tasks of the type at once, those of all runs.
  virtual std::size_t slots(StepType type) const = 0;
  /// Since when a worker has it; nothing if none has, as far as is known.
  virtual std::optional<Timestamp> running_since(StepIndex step, ItemIndex item) const = 0;
  /// How long a `delay` takes that begins so long from now, where its definition tells.
  virtual std::optional<Millis> delay(StepIndex step, Millis begins_in) const = 0;
};

/// Steps that end as soon as they begin: they are neither observed nor estimated.
inline bool is_instant(StepType type) { return type == StepType::noop || type == StepType::transform; }

/// A step of which nothing was observed takes this part of its time-out.
inline constexpr int kGuessedPart = 10;

/// From now to the run's end, by what was observed; nothing if nobody can tell. Not corrected, and not cut at the run's
/// deadline.
std::optional<Millis> remaining_time(const RunState& state, const WorkflowDefinition& workflow,
                                     const WorkflowHistory& history, const Surroundings& around, Timestamp now);

/// The time that is said: corrected, and not after the run's deadline, when it ends in any case. Nothing known: the
/// deadline.
Timestamp estimated_end(const RunState& state, std::optional<Millis> remaining, const WorkflowHistory& history,
                        Timestamp now);

}  // namespace troupe
