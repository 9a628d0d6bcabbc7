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

/// What a run's decision is built from.
struct RunCommit {
  const JobFacts& job;
  const WorkflowDefinition& workflow;
  const RunState& before;
  const RunState& after;
  const Decision& decision;
  TaskEndedPtr outcome;  ///< the report that led to the decision, if one did
  bool was_parked = false;
  bool park = false;                             ///< write that it rests until parked_until(after)
  Document signal;                               ///< the payload of one that was received
  const std::vector<Review>* reviews = nullptr;  ///< new ones
  const Document* outputs = nullptr;             ///< of a run that had ended before: they stay as they are
  const Document* error = nullptr;               ///< likewise
};

/// Everything but `done`, `frame.actor` and the Idempotency-Key.
PersistPtr make_persist(NodeContext& node, const RunCommit& commit, const ChainHead& head);

/// The shard that a job's slot belongs to.
ShardId shard_of(Slot slot);

}  // namespace troupe
