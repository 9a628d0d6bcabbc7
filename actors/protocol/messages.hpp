// Messages between the actors of one node. They never leave the process, so they are plain values or shared pointers to
// immutable ones, without serialization (CAF_ALLOW_UNSAFE_MESSAGE_TYPE at the end of the file). Which actor takes which
// message is on one page: interfaces.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/forecast/forecast.hpp"
#include "actors/protocol/admission.hpp"
#include "actors/protocol/in_flight.hpp"
#include "actors/protocol/live_jobs.hpp"
#include "audit/chain.hpp"
#include "codec/event_codec.hpp"
#include "troupe/domain/evaluator.hpp"
#include "troupe/domain/kill_switch.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/port/executor.hpp"
#include "troupe/port/gateway.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

// --- persistence ---------------------------------------------------------------------------------------------------

/// What became of a Persist.
struct Persisted {
  enum class Verdict : std::uint8_t {
    committed,
    duplicate,  ///< a job_key or Idempotency-Key was there first
    refused,    ///< nothing was written; `error` tells
  };
  Verdict verdict = Verdict::committed;
  ChainHead head;       ///< of the chain, after
  std::string records;  ///< as stored, one a line
  CommitReply::Duplicate duplicate;
  Error error;

  /// For who asked for what was not committed.
  Error failure() const {
    if (verdict != Verdict::duplicate) return error;
    return {ErrorCode::conflict, "the same request was answered meanwhile", false, {}};
  }
};

/// One change, its records, and who wants to know. `done` is called exactly once, by the completion actor or on the
/// persistence thread: it must not block.
struct Persist {
  Change change;  ///< without journal; last_seq and head of its job row are filled from the chain
  std::vector<RecordDraft> records;
  RecordFrame frame;
  ShardId shard = 0;
  ChainHead head;  ///< of the job's chain, before; ignored for a shard's own chain (frame.job absent)
  bool is_accept =
      false;           ///< may be answered `overloaded` or `not_ready` instead of waiting for the store to come back
  bool opens = false;  ///< the job is open and not parked afterwards: it counts for the low-water mark
  std::function<void(Persisted)> done;

  /// The records as the next link of their job's chain. Whoever asks for the change makes it (link_records), so that
  /// the writer, which all changes go through, need not.
  struct Link {
    JournalRow row;
    std::vector<Digest> hashes;
    ChainHead head;  ///< of the chain, after
  };
  std::optional<Link> link;
};
using PersistPtr = std::shared_ptr<Persist>;

/// Which of a node's writers a shard's changes go through.
inline std::size_t writer_of(ShardId shard, std::size_t writers) { return shard % writers; }

/// What became of a change, on its way to who wants to know.
struct Completion {
  PersistPtr persist;
  Persisted persisted;
};
/// Of one batch, in order; then `drained`.
struct Completions {
  std::vector<Completion> changes;
  std::vector<std::function<void()>> drained;
};
using CompletionsPtr = std::shared_ptr<Completions>;

/// Everything that waits in the writer's queue is the next transaction.
struct Flush {};
/// From the recovery: these open jobs exist in the store; `complete`: and there are no others.
struct OpenJobsFound {
  ShardId shard = 0;
  std::vector<JobId> jobs;
  bool complete = false;
};
/// From the node: answer when all that came before is committed.
struct Drain {
  std::function<void()> done;
  bool release = false;  ///< and hand the shards back: nothing comes any more, and nothing is at work
};

// --- runs ----------------------------------------------------------------------------------------------------------

/// What is fixed for a job's whole life.
struct JobFacts {
  JobId id;
  std::string client_id;
  std::string client_job_id;
  std::string workflow_key;
  std::string traceparent;
  std::uint8_t priority = 5;
  Timestamp created_at;
  Document inputs;
  Document metadata;
  Millis timeout{0};
  std::optional<ParentStep> parent;
};
using JobFactsPtr = std::shared_ptr<const JobFacts>;

/// All that a run actor needs to carry on from a committed state.
struct RunSeed {
  JobFactsPtr job;
  WorkflowPtr workflow;
  RunState state;
  ChainHead head;
  std::unique_ptr<Evaluator> evaluator;  ///< with every result so far
  std::size_t result_bytes = 0;          ///< of all these
  std::vector<Effect> effects;           ///< decided and committed, not yet released
  bool recover = false;                  ///< taken over from a process that is gone: begin with RecoverRun
  bool handed_back = false;              ///< by one that stopped in good order
  std::optional<Error> give_up;          ///< it has crashed too often: end it with this, and decide nothing
  bool parked = false;                   ///< it has a row in `parked`
  LiveJobs::Ticket live;                 ///< of a new job, until the supervisor has it
  bool maybe_parked = false;             ///< it may have one, which its next commit removes
  std::vector<Review> reviews;           ///< of its images, where an approval is under way
  Document outputs, error;               ///< of a run that has ended, as its job's row has them
  bool abandoned = false;                ///< the step that it was begun for does not wait for it any more
  Arrival arrival;  ///< of a new job; complete when `effects` are released, or what they dispatch at once is done
  TaskQueues::Coming coming;   ///< what `effects` dispatch
  HistoryPtr history;          ///< of its workflow; null: not looked up yet
  std::optional<Millis> said;  ///< how long the run will take, as was said when it was accepted by this process
};
using RunSeedPtr = std::shared_ptr<RunSeed>;

/// From the timer: something of the run is due.
struct Wake {};
/// From the concurrency gate: a held run may begin.
struct TurnCame {};

struct TaskProgress {
  TaskKey task;
  double fraction = 0;
  std::string message;
};
struct TaskPreview {
  TaskKey task;
  std::string media_type;
  std::string bytes;
};
struct TaskLog {
  TaskKey task;
  std::string stream;
  std::string text;
};
/// From a worker: the end of an attempt. Large outputs and logs are in the blob store already.
struct TaskEnded {
  TaskKey task;
  std::string worker;
  Timestamp started_at;
  Timestamp ended_at;
  Result<Document> outputs{ErrorCode::internal, "not set"};  ///< complete: with `assets`
  std::vector<AssetRow> assets;
  std::string log;
  std::optional<BlobInfo> log_blob;
  std::optional<BlobInfo> outputs_blob;
  InFlight::Ticket in_flight;  ///< of NodeHealth::outcomes
};
using TaskEndedPtr = std::shared_ptr<TaskEnded>;
/// From the broker or a worker: the task is not running (any more), and will not.
struct TaskGone {
  TaskKey task;
  bool is_due_again = false;  ///< it was stopped, and is still to be done, but only under a later epoch
  TaskEndedPtr report;        ///< what its worker has to tell of it all the same; null: it had not begun
};

/// What someone wants of a job's newest run, with the way to answer.
struct CommandRequest {
  Command command;            ///< CancelRun, ReceiveSignal, ReviewAssets or ResolveDoubt
  Document payload;           ///< of a signal
  std::vector<Review> known;  ///< with reviews: what the store knows already
  RunId run;                  ///< the one that is meant; nil: whichever is the newest
  std::string actor;
  std::optional<IdempotencyRow> idempotency;
  Reply<JobChange> reply;
};
using CommandRequestPtr = std::shared_ptr<CommandRequest>;

/// From the broker: a kill switch stops what the run has at work.
struct KillRun {
  KillSwitchPtr by;
};
/// From the broker: a kill switch holds the task back.
struct TaskHeld {
  TaskKey task;
};

struct RetryRequest {
  std::optional<std::string> from_step;
  RunId after;           ///< the run that it was judged by
  Document inputs;       ///< absent: as in the run before
  WorkflowPtr workflow;  ///< what the new run runs
  std::string actor;
  std::function<std::optional<IdempotencyRow>(const JobChange&)> idempotency;  ///< may be empty
  Reply<JobChange> reply;
};
using RetryRequestPtr = std::shared_ptr<RetryRequest>;

// --- jobs ----------------------------------------------------------------------------------------------------------

/// From a run that has ended to its job: here is what a retry starts from.
struct RetryFrom {
  RetryRequestPtr request;
  std::shared_ptr<const RunState> ended;
  WorkflowPtr workflow;  ///< of the ended run
  ChainHead head;
};
/// To the job, from the blocking pool: the new run's seed, before StartRun, or why there is none.
struct RetryPrepared {
  RetryRequestPtr request;
  RunSeedPtr seed;  ///< null: `error`
  Document inputs;  ///< of the new run, where they differ from the job's own; else absent
  RunArchive archive;
  Error error;
};
/// From a run to its job: nothing is left to do in memory, because it has ended, or only waits and was parked.
/// `handled`: how many of the job's messages it had taken by then, so that one on its way is not lost.
struct RunRested {
  std::uint64_t handled = 0;
};
/// From a job to the supervisor, likewise.
struct JobRested {
  JobId job;
  std::uint64_t handled = 0;
};
/// From a job to the supervisor: its run died of an error; load it again.
struct JobBroken {
  JobId job;
  std::string why;
};
/// From an operator to the supervisor: let go of it, and load it again.
struct RestartJob {
  JobId job;
};
/// From the node to the supervisor, at the end.
struct Rest {};

/// To the supervisor: a committed job to look after.
struct AdoptJob {
  RunSeedPtr seed;
};
/// To the supervisor, after all open jobs that there were at the start.
struct AllAdopted {};
struct CommandJobMessage {
  JobId job;
  CommandRequestPtr request;
};
struct RetryJobMessage {
  JobId job;
  RetryRequestPtr request;
};
/// To the supervisor, from itself: look for parked jobs that fall due soon.
struct ScanParked {};
/// To the supervisor, from the blocking pool: so far the scan has come, by shard; `pause` until the next.
struct ParkedScanned {
  std::map<ShardId, StoreReader::Parked> after;
  Millis pause{0};
};
/// To the supervisor: a job loaded from the store, or why it could not be.
struct JobLoaded {
  JobId job;
  RunSeedPtr seed;  ///< null: `error`
  Error error;
  bool is_found = false;  ///< by a scan: nobody asked for it, and it was read some time ago
};

// --- tasks ---------------------------------------------------------------------------------------------------------

/// Broker to worker.
struct StopTaskMessage {
  TaskKey task;
  bool is_abandoned = false;  ///< Executor::abandon in place of stop
};
/// Run to worker: the start is durable; go ahead.
struct TaskAdmitted {
  TaskKey task;
};
class SecretMask;  // worker/secret_mask.hpp
/// To the worker, from the blocking pool: a task's config with its secrets in place, or why there is none.
struct SecretsFilled {
  TaskKey task;
  std::shared_ptr<const Result<Document>> config;
  std::shared_ptr<const SecretMask> mask;
};
/// Executor to worker.
struct TaskFinished {
  TaskKey task;
  std::shared_ptr<TaskOutcome> outcome;
};
/// Worker to itself: a task that was told to stop should have by now.
struct StopOverdue {
  TaskKey task;
};
/// Worker to broker.
struct SlotFree {
  TaskKey task;
  bool is_undone = false;  ///< it was stopped, or never begun: nothing came of it
};
/// Worker to broker: a task was told to stop and did not. Its run no longer waits for it; the slot stays taken.
struct SlotStuck {
  TaskKey task;
};
/// Node to broker: assign nothing more; call back when nothing is assigned.
struct StopAssigning {
  std::function<void()> idle;
};
/// To broker and supervisor: kill switches were engaged or released. `kill`: by this one, what runs is stopped.
struct SwitchesChanged {
  KillSwitchPtr kill;  ///< may be null
};
/// Node to broker, when the grace is over: stop whatever still runs.
struct StopAllTasks {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::CompletionsPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Persisted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TurnCame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskProgress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskPreview)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskLog)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskEndedPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskGone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::CommandRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RetryRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RetryFrom)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RetryPrepared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RunRested)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::JobRested)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::JobBroken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RestartJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Rest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::AdoptJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::AllAdopted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::CommandJobMessage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::RetryJobMessage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ScanParked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ParkedScanned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::JobLoaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::StopTaskMessage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskAdmitted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::SecretsFilled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskFinished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::StopOverdue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::SlotFree)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::SlotStuck)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::StopAssigning)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::StopAllTasks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::KillRun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::TaskHeld)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::SwitchesChanged)
