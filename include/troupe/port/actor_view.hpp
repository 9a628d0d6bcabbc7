// What an actor of the node looks like to an operator: a tree, from the node down to the runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/time.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

enum class ActorCondition : std::uint8_t {
  running,
  unresponsive,  ///< it was asked and has not answered in time: it is busy, or stuck
  restarting,    ///< it died, and is started again at `next_start_at`
  given_up,      ///< it died too often; it is tried again at `next_start_at`
};
std::string_view actor_condition_text(ActorCondition condition);

struct ActorView {
  std::string id;    ///< stable: `broker`, `worker:exec`, `job:UUID`
  std::string kind;  ///< node, persistence, completion, timer, broker, worker, supervisor, job, run
  ActorCondition condition = ActorCondition::running;

  std::uint64_t restarts = 0;            ///< since the node started
  std::uint64_t restarts_in_window = 0;  ///< of those that count for giving up
  std::string last_error;                ///< of its last death; of a writer also what keeps it from the store
  Timestamp failed_at = kNever;
  Timestamp next_start_at = kNever;

  std::optional<std::uint64_t> mailbox;  ///< messages that wait for it; absent: it did not answer
  Millis answered_after{0};
  std::optional<Millis> at_work_for;  ///< on the oldest thing that it has in hand; absent: it has nothing

  // Of some kinds only.
  std::optional<std::uint64_t> slots, busy;  ///< of a worker
  std::optional<std::uint64_t> waiting;      ///< changes for a writer, tasks for the broker, timers that are set
  std::optional<std::uint64_t> live_jobs;    ///< of the supervisor; its children are a sample of them
  struct Depth {
    StepType type = StepType::noop;
    int priority = 5;
    std::uint64_t waiting = 0;
  };
  std::vector<Depth> queues;  ///< of the broker: those that are not empty

  std::vector<ActorView> children;
};

}  // namespace troupe
