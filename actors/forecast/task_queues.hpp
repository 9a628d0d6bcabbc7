// How the broker's queues stand, for all who ask how long something will take: numbers, and whose task is where. The
// broker writes it beside its own queues, so that nobody has to ask the broker. Steps that are instant are left out:
// they wait for nobody.
//
//   accept ── Coming ──► (its commit) ──► offered ─┬─► entered ──► left ─┬─► taken ──► freed
//                                                  └─────────────────────┘
//
// A lane is the workers that serve the same types: their slots are what is waited for. Where a task is in a lane's
// queue is told as if nothing was late, clients of a priority had equal shares, and nobody came: an estimate.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "troupe/domain/estimator.hpp"

namespace troupe {

/// Thread-safe.
class TaskQueues {
 public:
  // --- told by the broker

  void worker_came(const std::vector<StepType>& types, std::size_t slots);
  void worker_left(const std::vector<StepType>& types, std::size_t slots);
  /// The task has to wait; priority 1 … 10.
  void entered(const TaskKey& task, StepType type, int priority, const std::string& client);
  /// It waits no longer: a worker gets it, or it was taken back. One that does not wait is overlooked.
  void left(const TaskKey& task, StepType type);
  /// A slot is taken, after such a wait.
  void taken(StepType type, Millis waited);
  void freed(StepType type);

  // --- told by runs

  /// A slot was held so long.
  void held(StepType type, Millis time);

  struct Lane;
  /// Tasks of a job that is being accepted: they will be in line, and those who come after them should know.
  class Coming {
   public:
    Coming() = default;
    Coming(const TaskQueues& queues, const std::vector<Effect>& effects);
    Coming(Coming&& other) noexcept : lanes_(std::exchange(other.lanes_, {})) {}
    Coming& operator=(Coming&& other) noexcept {
      std::swap(lanes_, other.lanes_);
      return *this;
    }
    ~Coming() { arrive(); }
    /// They are in line now.
    void arrive();

   private:
    std::vector<std::pair<Lane*, std::size_t>> lanes_;
  };

  // --- asked by anybody

  /// How many would be before a task that comes now.
  std::size_t before_newcomer(StepType type, int priority, const std::string& client) const;
  /// How many are before one that waits; nothing if it does not.
  std::optional<std::size_t> before(const TaskKey& task, StepType type) const;
  /// Until the turn of one with so many before it. `guess`: how long each takes, if that was never seen.
  Millis wait_behind(std::size_t before, StepType type, Millis guess) const;
  /// What the last tasks had to wait.
  Millis usual_wait(StepType type) const;
  std::size_t slots(StepType type) const;

 private:
  static constexpr std::size_t kTypesMost = 32;

  Lane* lane_of(StepType type) const { return lanes_by_type_.at(static_cast<std::size_t>(type)).load(); }

  std::array<std::atomic<Lane*>, kTypesMost> lanes_by_type_{};
  std::deque<Lane> lanes_;  ///< none goes before the node does
};

struct TaskQueues::Lane {
  std::atomic<std::size_t> slots{0}, busy{0}, coming{0}, waiting{0};
  std::atomic<Millis::rep> hold{-1}, usual_wait{0};  ///< means of the last; -1: never seen

  mutable std::mutex mutex;  ///< of what follows
  Recent<128> holds, waits;
  struct Client {
    std::uint64_t entered = 0, left = 0;
  };
  struct Level {
    std::size_t waiting = 0;
    std::unordered_map<std::string, Client> clients;  ///< those that wait
  };
  std::array<Level, 11> levels;  ///< by priority
  struct Ticket {
    int priority;
    std::string client;
    std::uint64_t number;  ///< how many of its client and priority had entered before it
  };
  std::unordered_map<TaskKey, Ticket> tickets;

  /// With so many of its own client before it.
  std::size_t before(int priority, std::uint64_t own, std::size_t clients) const;
};

}  // namespace troupe
