// From a decision to what is written: the job row's update, the outcomes, the assets and the audit records of one
// commit.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

/// How far in the future a run's next timer must be for the run to be put to rest meanwhile.
inline constexpr Millis kParkAfter{60'000};

/// The next thing a run waits for, if it does nothing but wait for a timer or for people: then it may be parked until
/// that. kNever: it waits for people, as long as they take.
std::optional<Timestamp> parked_until(const RunState& state, const WorkflowDefinition& workflow, Timestamp now);

/// What is known of attempts: by their workers' reports, or without them.
using Outcomes = std::vector<TaskEndedPtr>;
const TaskEnded* find_outcome(const Outcomes& outcomes, const TaskKey& task);

/// What a run's decision is built from.
struct RunCommit {
  const JobFacts& job;
  const WorkflowDefinition& workflow;
  const RunState& before;
  const RunState& after;
  const Decision& decision;
  bool was_parked = false;
  bool park = false;                             ///< write that it rests until parked_until(after)
  Outcomes outcomes;                             ///< of the attempts that the decision is about
  Outcomes late;                                 ///< of attempts whose end was written before: what they wrote is not
  Document signal;                               ///< the payload of one that was received
  const std::vector<Review>* reviews = nullptr;  ///< new ones
  const Document* outputs = nullptr;             ///< of a run that had ended before: they stay as they are
  const Document* error = nullptr;               ///< likewise
};

/// Everything but `done`, `frame.actor` and the Idempotency-Key.
PersistPtr make_persist(NodeContext& node, const RunCommit& commit, const ChainHead& head);
/// What attempts of the job wrote whose end was written before, and nothing else. Null: they wrote nothing.
PersistPtr make_persist(NodeContext& node, const JobFacts& job, const Outcomes& late);

/// The shard that a job's slot belongs to.
ShardId shard_of(Slot slot);

}  // namespace troupe
