// The state of a run, and the vocabulary that moves it: commands come in, events are what happened (and are
// journalled), effects are what must be done once the events are durable.
//
//   decide(state, command, context) -> Decision{events, effects} | Error     may refuse
//   apply(state, event)             -> state                                 never refuses, so that old journals replay
//
// Everything here is data: no clock, no I/O, no JSON. State is bounded: counters, bitmaps and the attempts in flight.
// Outputs never live here; they are step results (port/store.hpp).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/error.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/approval.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

using AttemptNumber = std::uint16_t;  ///< from 1

/// Of a job, a run and a step alike. The numbers are stored.
enum class Status : std::uint8_t { pending = 0, running = 1, success = 2, failed = 3, cancelled = 4, skipped = 5 };
std::string_view status_text(Status status);
std::optional<Status> status_from_text(std::string_view text);
inline bool has_ended(Status status) { return status >= Status::success; }

/// Why something is not moving. The numbers are stored.
enum class WaitingFor : std::uint8_t {
  nothing = 0,
  timer = 1,
  approval = 2,
  signal = 3,
  callback = 4,
  worker = 5,
  kill_switch = 6,
  concurrency = 7
};
std::string_view waiting_text(WaitingFor waiting);  ///< "" for nothing

/// Names one piece of work. A task runs at least once; its outcome counts once, and only from the newest epoch.
struct TaskKey {
  RunId run;
  StepIndex step = 0;
  ItemIndex item = 0;
  AttemptNumber attempt = 1;
  bool compensation = false;
  std::uint16_t epoch = 0;  ///< how often the run had been taken over when the task was started

  auto operator<=>(const TaskKey&) const = default;
};

/// The numbers are stored.
enum class AttemptPhase : std::uint8_t {
  waiting = 0,   ///< not started as far as the store knows; may be dispatched from `due` on
  started = 1,   ///< its start is committed; it may be running, or may have been lost with its worker
  in_doubt = 2,  ///< started before a crash and not idempotent: a person decides
  awaiting = 3,  ///< waits for a message from outside: a signal, or decisions about images
};

/// What a person says of an attempt in doubt. The texts are stored.
enum class Resolution : std::uint8_t { done = 0, repeat = 1, failed = 2 };
std::string_view resolution_text(Resolution resolution);
std::optional<Resolution> resolution_from_text(std::string_view text);

/// An item of a step that is neither done nor given up.
struct LiveItem {
  ItemIndex item = 0;
  AttemptNumber attempt = 1;
  AttemptPhase phase = AttemptPhase::waiting;
  /// Waiting: not before this; started, awaiting: the deadline of the attempt (kNever: none); in doubt: since then.
  Timestamp due = kNever;
  std::string signal;  ///< awaiting: the signal's name; empty for an approval
  bool operator==(const LiveItem&) const = default;
};

struct StepState {
  Status status = Status::pending;
  ItemIndex items = 0;  ///< how many, once the step was begun
  ItemIndex next = 0;   ///< first item that has not been begun
  Bitmap done;
  std::vector<LiveItem> live;  ///< sorted by item; at most limits::kItemsLive
  std::uint32_t order = 0;     ///< the how-manieth step to succeed (from 1); compensation goes backwards by it
  Timestamp started_at = kNever;
  Timestamp ended_at = kNever;
  std::optional<Error> error;
  RunId result_run;  ///< where its results are, when reused from an earlier run; else nil
  Bitmap compensated;
  Bitmap failed;                ///< items that failed for good, where the others go on
  Timestamp deadline = kNever;  ///< of the whole step, once begun; kNever: none

  bool operator==(const StepState&) const = default;
};

/// The numbers are stored.
enum class RunPhase : std::uint8_t {
  forward = 0,
  stopping = 1,      ///< it will not succeed; what is live is being stopped
  compensating = 2,  ///< everything has stopped; what was done is being undone
  ended = 3,
};

struct RunState {
  RunId run;
  std::uint32_t number = 1;  ///< 1 for a job's first run
  RunPhase phase = RunPhase::forward;
  Status status = Status::pending;  ///< once it will not succeed: what it will end as is `verdict`
  Status verdict = Status::success;
  std::optional<Error> error;  ///< the first failure, or why it was cancelled
  Timestamp accepted_at = kNever;
  Timestamp started_at = kNever;
  Timestamp ended_at = kNever;
  Timestamp deadline = kNever;
  std::uint16_t epoch = 0;              ///< take-overs
  std::uint16_t barren_recoveries = 0;  ///< take-overs after a crash since a task was last completed: a poisonous run's
  std::uint32_t steps_succeeded = 0;
  std::vector<StepState> steps;
  std::optional<LiveItem> compensation;  ///< the one undoing that is live
  StepIndex compensation_step = 0;
  std::uint32_t undoings_failed = 0;
  std::vector<Fault> not_undone;  ///< the first of them, at most limits::kNotUndoneShown
  std::vector<ApprovalState> approvals;
  std::uint32_t signals_received = 0;
  struct Signal {
    std::uint32_t ordinal = 0;  ///< from 1, among all that the run received
    std::string name;
    bool operator==(const Signal&) const = default;
  };
  std::vector<Signal> signals;   ///< that no step has taken yet, oldest first
  Timestamp paused_at = kNever;  ///< since then the run waits for people only: its time-out stands still
  std::string concurrency_key;   ///< canonical JSON; runs of a workflow with the same share its limit. Empty: no limit
  bool held = false;             ///< accepted; nothing of it begins before AdmitRun

  bool operator==(const RunState&) const = default;
};

/// 0 … 1: the share of steps that have ended, items counted within a step.
double progress_of(const RunState& state);
WaitingFor waiting_for(const RunState& state, Timestamp now);
WaitingFor waiting_for(const StepState& step, Timestamp now);

// --- commands ------------------------------------------------------------------------------------------------------

/// A run begins (with its job, or by a retry). The state must be fresh (make_run).
struct StartRun {
  bool hold = false;  ///< as many runs as may be are under way
};
/// A worker has the task and is about to work on it.
struct StartTask {
  TaskKey task;
  std::string worker;
};
/// The work is done. Its outputs are already visible to the evaluator.
struct CompleteTask {
  TaskKey task;
  Timestamp started_at = kNever;  ///< when its worker began
};
struct FailTask {
  TaskKey task;
  Error error;
  Timestamp started_at = kNever;
};
/// The work was stopped because the run asked for it (or was still queued and was taken back).
struct TaskStopped {
  TaskKey task;
  Timestamp started_at = kNever;  ///< kNever: no worker had it
};
enum class TimerKind : std::uint8_t {
  run_deadline = 0,
  item_due = 1,  ///< a delay has passed, or a back-off
  task_deadline = 2,
  queue_deadline = 3,  ///< a task has waited for a worker for too long
  step_deadline = 4,   ///< of `task` only the step
  heartbeat = 5,       ///< a task may have been silent for too long: whoever sets it knows of its signs of life
};
struct FireTimer {
  TimerKind kind = TimerKind::run_deadline;
  TaskKey task;                   ///< of all but run_deadline
  Timestamp started_at = kNever;  ///< of the task, where a worker has it
};
struct CancelRun {
  std::string reason;
  ErrorCode code = ErrorCode::cancelled;
};
/// The node that had the run is gone (or was restarted); this one takes it over.
struct RecoverRun {
  bool handed_back = false;  ///< that node stopped in good order: the run did not bring it down
};
/// A held run may begin now.
struct AdmitRun {};

/// A signal came. The evaluator knows its payload by the next ordinal (signals_received + 1).
struct ReceiveSignal {
  std::string name;
};
/// A reviewer's decisions, none of which was made before. The evaluator knows them already.
struct ReviewAssets {
  std::vector<Review> reviews;
};

/// A person decides about an attempt in doubt, of a step or of its undoing.
struct ResolveDoubt {
  std::string step;               ///< its name
  std::optional<ItemIndex> item;  ///< absent: the only one of the step that is in doubt
  Resolution resolution = Resolution::done;
  Document outputs;  ///< of what was done; absent counts as null
  std::string comment;
};

using Command = std::variant<StartRun, StartTask, CompleteTask, FailTask, TaskStopped, FireTimer, CancelRun, RecoverRun,
                             ReceiveSignal, ReviewAssets, AdmitRun, ResolveDoubt>;

// --- events --------------------------------------------------------------------------------------------------------

struct RunStarted {
  Timestamp at;
  Timestamp deadline;
  bool operator==(const RunStarted&) const = default;
};
/// A step has all it needs. Items are begun one after another, up to limits::kItemsLive at once.
struct StepBegun {
  StepIndex step = 0;
  ItemIndex items = 1;
  Timestamp at;
  bool operator==(const StepBegun&) const = default;
};
struct StepSkipped {
  StepIndex step = 0;
  Timestamp at;
  bool operator==(const StepSkipped&) const = default;
};
/// The next item of a step may be dispatched, from `due` on.
struct ItemBegun {
  StepIndex step = 0;
  ItemIndex item = 0;
  Timestamp due;                          ///< of what waits for a message: until when
  std::string signal;                     ///< it waits for this one
  std::optional<ApprovalState> approval;  ///< it asks for decisions; with those that were made before
  bool operator==(const ItemBegun&) const = default;
};
struct TaskStarted {
  TaskKey task;
  std::string worker;
  Timestamp at;
  Timestamp deadline;
  bool operator==(const TaskStarted&) const = default;
};
struct TaskCompleted {
  TaskKey task;
  Timestamp at;
  Timestamp started_at = kNever;
  bool operator==(const TaskCompleted&) const = default;
};
/// An attempt failed and another one will be made.
struct TaskRetried {
  TaskKey task;  ///< the attempt that failed
  Error error;
  Timestamp at;
  Timestamp due;  ///< of the next attempt
  Timestamp started_at = kNever;
  bool operator==(const TaskRetried&) const = default;
};
/// An attempt failed and no other one will be made.
struct TaskFailed {
  TaskKey task;
  Error error;
  Timestamp at;
  Timestamp started_at = kNever;
  bool operator==(const TaskFailed&) const = default;
};
struct TaskCancelled {
  TaskKey task;
  Timestamp at;
  Timestamp started_at = kNever;
  bool operator==(const TaskCancelled&) const = default;
};
/// A step failed before any item of it could begin: its `when`, `for_each` or configuration cannot be evaluated.
struct StepFailed {
  StepIndex step = 0;
  Error error;
  Timestamp at;
  bool operator==(const StepFailed&) const = default;
};
/// The run will not succeed. What is live is being stopped.
struct RunStopping {
  Status verdict = Status::failed;  ///< failed or cancelled
  Error error;
  Timestamp at;
  bool operator==(const RunStopping&) const = default;
};
struct CompensationBegun {
  StepIndex step = 0;
  ItemIndex item = 0;
  Timestamp at;
  bool operator==(const CompensationBegun&) const = default;
};
struct RunRecovered {
  Timestamp at;
  bool handed_back = false;
  bool operator==(const RunRecovered&) const = default;
};
struct RunEnded {
  Status status = Status::success;
  Timestamp at;
  std::optional<Error> error;  ///< in place of the first failure: something could not be undone
  bool operator==(const RunEnded&) const = default;
};

struct RunHeld {
  Timestamp at;
  bool operator==(const RunHeld&) const = default;
};
struct RunAdmitted {
  Timestamp at;
  bool operator==(const RunAdmitted&) const = default;
};
struct SignalReceived {
  std::uint32_t ordinal = 0;
  std::string name;
  Timestamp at;
  bool operator==(const SignalReceived&) const = default;
};
/// A step that waited for the signal, or came to wait for it later, has it now.
struct SignalTaken {
  std::uint32_t ordinal = 0;
  TaskKey task;
  Timestamp at;
  bool operator==(const SignalTaken&) const = default;
};
struct AssetReviewed {
  AssetId asset;
  std::string reviewer;
  bool approved = false;
  Timestamp at;
  struct Place {  ///< in an approval under way
    StepIndex step = 0;
    ItemIndex item = 0;
    std::uint32_t index = 0;
    bool operator==(const Place&) const = default;
  };
  std::vector<Place> places;
  bool operator==(const AssetReviewed&) const = default;
};
/// From now on the run waits for people only, or not any more.
struct RunPaused {
  Timestamp at;
  bool operator==(const RunPaused&) const = default;
};
struct RunResumed {
  Timestamp at;
  Timestamp deadline;
  bool operator==(const RunResumed&) const = default;
};

/// What follows from it (the task is done, or has failed) is an event of its own; one to be repeated waits again.
struct DoubtResolved {
  TaskKey task;
  Resolution resolution = Resolution::done;
  std::string comment;
  Timestamp at;
  bool operator==(const DoubtResolved&) const = default;
};

using Event =
    std::variant<RunStarted, StepBegun, StepSkipped, ItemBegun, TaskStarted, TaskCompleted, TaskRetried, TaskFailed,
                 TaskCancelled, StepFailed, RunStopping, CompensationBegun, RunRecovered, RunEnded, SignalReceived,
                 SignalTaken, AssetReviewed, RunPaused, RunResumed, RunHeld, RunAdmitted, DoubtResolved>;

// --- effects -------------------------------------------------------------------------------------------------------
// Idempotent by their key: doing one twice does no harm.

/// Hand the task to a worker.
struct DispatchTask {
  TaskKey task;
  StepType type = StepType::noop;
  Document config;  ///< evaluated
  bool operator==(const DispatchTask&) const = default;
};
/// The worker that asked may go ahead.
struct AdmitTask {
  TaskKey task;
  bool operator==(const AdmitTask&) const = default;
};
struct SetTimer {
  TimerKind kind = TimerKind::run_deadline;
  TaskKey task;
  Timestamp due;
  bool operator==(const SetTimer&) const = default;
};
/// Stop the task, wherever it is; answer with TaskStopped (or with its outcome, if that came first).
struct StopTask {
  TaskKey task;
  bool operator==(const StopTask&) const = default;
};
/// Write this as the task's result: it came of a message or a decision, not from a worker.
struct KeepResult {
  TaskKey task;
  Document outputs;
  bool operator==(const KeepResult&) const = default;
};
/// Where the payload of a signal that no step has taken lies among the results of its run.
inline constexpr StepIndex kSignalStep = 0xFFFF;
inline TaskKey signal_place(const RunId& run, std::uint32_t ordinal) {
  return {run, kSignalStep, ordinal, 1, false, 0};
}
/// Write the payload of a signal that no step waits for yet.
struct KeepSignal {
  std::uint32_t ordinal = 0;
  bool operator==(const KeepSignal&) const = default;
};
/// The run has ended; nothing of it is live. Its outputs, if it succeeded, are here.
struct FinishRun {
  Status status = Status::success;
  Document outputs;
  bool operator==(const FinishRun&) const = default;
};

using Effect = std::variant<DispatchTask, AdmitTask, SetTimer, StopTask, KeepResult, KeepSignal, FinishRun>;

struct Decision {
  std::vector<Event> events;  ///< empty: nothing to commit, the effects may be done at once
  std::vector<Effect> effects;
  RunState after;  ///< what the events lead to, applied one after another
};

}  // namespace troupe

template <>
struct std::hash<troupe::TaskKey> {
  std::size_t operator()(const troupe::TaskKey& key) const noexcept {
    const std::uint64_t place = (std::uint64_t{key.item} << 32) ^ (std::uint64_t{key.step} << 16) ^ key.attempt ^
                                (std::uint64_t{key.epoch} << 48) ^ (key.compensation ? 0x8000'0000'0000'0000ULL : 0);
    return std::hash<troupe::RunId>()(key.run) ^ static_cast<std::size_t>(place * 0x9E3779B97F4A7C15ULL);
  }
};
