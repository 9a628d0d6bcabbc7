// Events as audit records: what a commit says of itself in the journal. docs/audit.md lists every action with its
// details, and is checked against this room by a test.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// A record before its commit: the chain adds seq, at, prev_hash and hash; the run adds the ids.
struct RecordDraft {
  std::string action;  ///< `step.completed`, …; every action is listed in docs/audit.md
  Json details = Json::object();
  std::optional<Millis> duration;
};

/// What a record says of an outcome whose bytes are elsewhere: digest and size.
struct OutcomeDigest {
  TaskKey task;
  std::optional<Digest> outputs;
  std::uint64_t outputs_bytes = 0;
  std::vector<Json> assets;  ///< {id, ordinal, sha256, bytes, media_type} each
  std::string worker;
};

/// The records of one decision, in order. Events that only follow from another (StepBegun and ItemBegun, and
/// StepSkipped where it follows from RunStarted) are told in the details of the record before them (`"next": [...]`)
/// or, where there is none, in a record of their own, `step.begun`.
///
/// RunStarted leads: its record, `run.started`, is the first. A caller that accepts a job makes it its job.accepted by
/// renaming it and adding its own details, so that a one-step job has three records: job.accepted, step.completed,
/// run.completed.
///
/// `before` is the state before the events (for durations). All events of a decision bear the same time; hand that to
/// append_records as `at`.
std::vector<RecordDraft> to_records(const std::vector<Event>& events, const RunState& before,
                                    const WorkflowDefinition& workflow, const std::vector<OutcomeDigest>& outcomes);

/// How a record tells of inputs and outputs: `{"bytes": n, "sha256": "<hex>"}`.
Json digest_to_json(const Digest& digest, std::uint64_t bytes);

}  // namespace troupe
