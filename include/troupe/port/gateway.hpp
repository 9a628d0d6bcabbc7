// Port: the only door between the HTTP ingress and the core. Asynchronous: a value in, a reply function called exactly
// once, from any thread, perhaps before the call returns (so the ingress posts to its own loop). No actor type, no
// future. Batches are first class.
//
// The ingress checks syntax (JSON, types, ids, limits); the core checks meaning (workflow, schema, rules).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/doubt.hpp"
#include "troupe/domain/kill_switch.hpp"
#include "troupe/domain/rate_limit.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/domain/schedule.hpp"
#include "troupe/port/actor_view.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

template <class T>
using Reply = std::function<void(Result<T>)>;

/// The numbers order the roles: a higher one may do all that a lower one may.
enum class Role : std::uint8_t { viewer = 0, client = 1, worker = 2, op = 3, admin = 4 };
std::string_view role_text(Role role);  ///< viewer, client, worker, operator, admin
std::optional<Role> role_from_text(std::string_view text);

/// Who asks.
struct Caller {
  std::string name = "anonymous";  ///< of the credential; the `actor` of audit records
  Role role = Role::admin;
  std::optional<std::string> client_id;  ///< set: sees and makes jobs of this client only
  std::string request_id;
  std::string traceparent;  ///< of this request; empty if it has none
  bool at_start = false;    ///< the server itself, with its workflows folder: a command that it lacks is no fault
};

/// An Idempotency-Key, as given with a request.
struct IdempotencyKey {
  Digest scope{};    ///< SHA-256 over client, method, path and key
  Digest request{};  ///< SHA-256 of the body
};
/// The reply that is (or was) given, whole. Written in the same transaction as the effect.
struct KeptAnswer {
  int status = 0;
  std::string body;
};

// --- jobs ----------------------------------------------------------------------------------------------------------

/// A rate limit as it stands for someone.
struct RateLimitState {
  std::string policy;  ///< `client`, or `workflow:KEY`
  RateLimit limit;
  std::uint32_t remaining = 0;  ///< jobs that it lets in at once
  Millis until_next{0};         ///< until it lets in one more than that; zero: nothing is missing
};
/// The tightest first.
using RateLimitStates = std::vector<RateLimitState>;

/// The step of another job that a job does the work of.
struct ParentStep {
  JobId job;
  TaskKey task;      ///< the attempt; its epoch is of no account
  std::string step;  ///< its name
  int depth = 1;     ///< of the job itself: how many jobs it is within
};
/// What such a job is known by among its client's job_ids: one job an attempt, however often it is asked for. No client
/// can choose it, for it holds a `/`.
std::string child_job_key(const TaskKey& task);

struct SubmitJob {
  std::string job_id;  ///< empty: none chosen
  std::string client_id = "default";
  std::string workflow_key;
  std::uint32_t workflow_version = 0;  ///< 0: newest
  Document inputs;                     ///< a JSON object; absent counts as `{}`
  std::string callback_url;            ///< empty: none
  std::uint8_t priority = 5;
  std::optional<Millis> timeout;
  Document metadata;     ///< a JSON object ≤ limits::kMetadataBytes; absent counts as `{}`
  std::string user_id;   ///< metadata.user_id where that is a string
  bool patient = false;  ///< whoever sends it goes by how quickly it is answered: it may join a queue that stands
  Digest request{};      ///< SHA-256 of the canonical body without client_id: same job_id, same body?
  std::optional<ParentStep> parent;  ///< instead of a job_id; the time-out is then cut to what is allowed, not refused
  std::optional<IdempotencyKey> idempotency;
  std::shared_ptr<RateLimitStates> limits;  ///< told which limits the job met, before it is answered; null: nobody asks
};

struct AcceptedJob {
  JobId id;
  std::string job_id;  ///< the client's own; empty if none
  RunId run;
  Status status = Status::pending;
  Timestamp accepted_at;
  Timestamp estimated_completion;
  bool repeated = false;           ///< the same job_id with the same body: 200 instead of 202
  std::optional<KeptAnswer> kept;  ///< the Idempotency-Key was used before: answer this
};
/// Renders what an Idempotency-Key keeps of a 202. Called in the core, before the commit; must not block.
using RenderAccepted = std::function<KeptAnswer(const AcceptedJob&)>;

/// What a path names: a UUID, or a client's own job_id within a client.
struct JobRef {
  std::optional<JobId> id;
  std::string job_id;
  std::optional<std::string> client_id;  ///< the caller's, or ?client_id=, or absent
};

struct CancelJob {
  JobRef job;
  std::string reason;
  std::optional<IdempotencyKey> idempotency;
  ErrorCode code = ErrorCode::cancelled;  ///< of the job's error: no request has another
};
struct RetryJob {
  JobRef job;
  std::optional<std::string> from_step;
  Document inputs;                     ///< absent: as before
  std::uint32_t workflow_version = 0;  ///< 0: the newest (as with a new job)
  std::optional<IdempotencyKey> idempotency;
  std::shared_ptr<RateLimitStates> limits;  ///< as with a new job
};

struct SendSignal {
  RunId run;
  std::string name;
  Document payload;  ///< any JSON of at most limits::kInlineDocumentBytes; absent counts as null
  std::optional<IdempotencyKey> idempotency;
};
struct ReviewImages {
  RunId run;
  std::string reviewer;
  std::vector<AssetId> approve, reject;
  std::string notes;
  std::optional<IdempotencyKey> idempotency;
};

struct ResolveAttempt {
  RunId run;
  ResolveDoubt decision;  ///< outputs: any JSON of at most limits::kInlineDocumentBytes
  std::optional<IdempotencyKey> idempotency;
};

/// A change of a job that was taken.
struct JobChange {
  JobId id;
  std::string job_id;
  RunId run;
  Status status = Status::pending;
  std::optional<KeptAnswer> kept;
  std::vector<Review> reviews;  ///< of a review
};
using RenderChange = std::function<KeptAnswer(const JobChange&)>;

// --- what is shown -------------------------------------------------------------------------------------------------

/// What reviewers have made of an image.
enum class ReviewStatus : std::uint8_t { pending, approved, rejected };
std::string_view review_status_text(ReviewStatus status);

struct AttemptView {
  ItemIndex item = 0;
  AttemptNumber attempt = 1;
  bool compensation = false;
  Status status = Status::success;
  std::string worker;
  Timestamp started_at = kNever;
  Timestamp ended_at = kNever;
  Document error;
  std::uint64_t log_bytes = 0;
};

struct StepView {
  std::string name;
  StepType type = StepType::noop;
  Status status = Status::pending;
  WaitingFor waiting_for = WaitingFor::nothing;
  double progress = 0;
  std::string message;
  ItemIndex items = 0;
  ItemIndex items_done = 0;
  ItemIndex items_failed = 0;          ///< while the others went on
  std::optional<Status> compensation;  ///< how its undoing stands, once it was begun
  bool for_each = false;
  Timestamp started_at = kNever;
  Timestamp ended_at = kNever;
  Document outputs;  ///< what `.steps.NAME` gives; absent while there is none
  Document error;
  RunId result_run;  ///< not nil: reused from that run
  std::vector<AttemptView> attempts;
  std::vector<Doubt> in_doubt;
};

/// Where a run stands that waits for a worker. Both are estimates.
struct QueuePlace {
  std::size_t position = 1;  ///< 1: the next one
  Timestamp estimated_start = kNever;
};

/// Where a run that is a retry comes from.
struct RetryView {
  RunId of;               ///< the run before it
  std::string from_step;  ///< empty: all is done again
  std::string requested_by;
};

struct RunView {
  RunId id;
  JobId job;
  std::string client_job_id;
  std::string client_id;
  std::string workflow_key;
  std::uint32_t workflow_version = 0;
  std::uint32_t number = 1;
  Status status = Status::pending;
  WaitingFor waiting_for = WaitingFor::nothing;
  double progress = 0;
  std::string message;
  Timestamp created_at = kNever;
  Timestamp started_at = kNever;
  Timestamp ended_at = kNever;
  Timestamp updated_at = kNever;
  std::uint16_t recoveries = 0;
  Timestamp estimated_completion = kNever;  ///< kNever: it has ended, or nobody can tell
  std::optional<QueuePlace> queue;          ///< while a step of it waits for a worker
  std::optional<RetryView> retry;           ///< nothing: it is the job's first, or in lists
  Document inputs;                          ///< that it runs with; absent in lists
  Document outputs;
  Document error;
  std::vector<StepView> steps;                   ///< empty in lists
  std::vector<AssetRow> assets;                  ///< empty in lists
  std::vector<ReviewRow> reviews;                ///< of images, in the order of their decisions; empty in lists
  std::map<AssetId, ReviewStatus> asset_status;  ///< of those that were decided about
};

struct AssetView {
  AssetRow row;
  ReviewStatus status = ReviewStatus::pending;
};

struct JobView {
  JobRow row;
  RunView newest;             ///< with the live state laid over what is stored
  std::vector<RunView> runs;  ///< oldest first, in detail only for GET /v1/jobs/{id}; empty in lists
};

struct WorkflowView {
  WorkflowRow row;
  bool disabled = false;
  std::uint32_t newest_version = 0;
};

struct AppliedWorkflow {
  std::string key;
  std::uint32_t version = 0;
  bool created = false;                    ///< false: the same content was there already
  std::set<std::string> missing_commands;  ///< of one that was applied at start
  std::optional<KeptAnswer> kept;
};

/// An audit record: its canonical JSON with `hash` added.
struct AuditPage {
  std::vector<std::string> records;
  std::string next_cursor;  ///< empty: the end
};
struct AuditQuery {
  std::optional<JobId> job;
  std::string action, client_id, actor;  ///< empty: any
  std::optional<Timestamp> after, before;
  bool newest_first = true;  ///< else in the order of the chain; for one job only
  std::string cursor;        ///< of a page with the same job and order
  int limit = limits::kPageDefault;
};

struct AuditVerdict {
  bool whole = true;
  std::uint64_t chains = 0, records = 0;
  std::string chain;      ///< of the first fault
  std::uint64_t seq = 0;  ///< of the first bad record
  std::string fault;      ///< what is wrong there
};

/// A piece of what one attempt wrote.
struct LogPiece {
  std::string step;
  ItemIndex item = 0;
  AttemptNumber attempt = 1;
  std::string text;            ///< where it is small
  std::optional<Digest> blob;  ///< else its address in the blob store
  std::uint64_t bytes = 0;
};

struct Readiness {
  bool ready = false;
  std::vector<std::string> reasons;   ///< why not
  std::vector<std::string> warnings;  ///< what is wrong although it can
};

struct NodeMeta {
  std::string node, version, store, started_at;
};

// --- schedules -----------------------------------------------------------------------------------------------------

struct PutSchedule {
  Schedule wanted;              ///< without what became of it; an empty id: one is made
  std::optional<bool> enabled;  ///< absent: as it is; a new one is enabled
  bool replace = false;         ///< else `conflict` where there is one of the id with other content
  std::optional<IdempotencyKey> idempotency;
};

struct ScheduleView {
  Schedule schedule;
  std::vector<Timestamp> next_times;  ///< the next kScheduleTimesShown; empty in lists, and of a disabled one
};
inline constexpr std::size_t kScheduleTimesShown = 5;

struct ScheduleChange {
  ScheduleView view;
  bool created = false;
  std::optional<KeptAnswer> kept;
};

struct ScheduleQuery {
  std::optional<std::string> client_id;
  std::optional<std::string> workflow_key;
  std::string after;  ///< the cursor: ids greater than this
  int limit = limits::kPageDefault;
};

// --- kill switches -------------------------------------------------------------------------------------------------

struct EngagedKillSwitch {
  KillSwitch kill_switch;
  std::optional<KeptAnswer> kept;
};

// --- live events ---------------------------------------------------------------------------------------------------

/// Durable events carry the seq of their audit record and can be resumed from; the others are soft.
struct LiveEvent {
  std::string kind;  ///< status | progress | log | preview | asset | approval
  JobId job;
  RunId run;
  std::uint64_t seq = 0;             ///< 0: soft
  std::optional<Status> run_status;  ///< of a status event: what the run is now
  std::string client_id;
  std::string workflow_key;
  std::string data;  ///< one JSON object, on one line
};
using LiveEventPtr = std::shared_ptr<const LiveEvent>;

struct EventFilter {
  std::optional<JobId> job;
  std::optional<std::string> client_id;
  std::string kind, workflow_key;  ///< empty: any
};

/// Ends the subscription when dropped; afterwards the function is not called any more (a call under way is awaited).
class Subscription {
 public:
  virtual ~Subscription() = default;
};

// --- the port ------------------------------------------------------------------------------------------------------

class Gateway {
 public:
  virtual ~Gateway() = default;

  /// Replies item by item, in order. Each is durable before it is answered. Errors: unknown_workflow,
  /// workflow_disabled, kill_switch_engaged, validation_failed (pointers from the body's root: /inputs/prompt),
  /// callback_url_forbidden, timeout_too_large, job_id_conflict, idempotency_key_reused, idempotency_key_in_flight,
  /// rate_limited, overloaded, not_ready.
  virtual void submit(const Caller& caller, std::vector<SubmitJob> jobs, RenderAccepted render,
                      std::function<void(std::vector<Result<AcceptedJob>>)> reply) = 0;
  virtual void cancel(const Caller& caller, CancelJob command, RenderChange render, Reply<JobChange> reply) = 0;
  virtual void retry(const Caller& caller, RetryJob command, RenderChange render, Reply<JobChange> reply) = 0;
  /// Errors: not_found, job_finished, no_signal_expected, too_many_signals, payload_too_large, conflict (the job has a
  /// newer run).
  virtual void signal(const Caller& caller, SendSignal command, RenderChange render, Reply<JobChange> reply) = 0;
  /// Records decisions about images; those that the reviewer made before are left out. Errors: not_found (the run, an
  /// image), already_reviewed (the other way), conflict (the job has a newer run).
  virtual void review(const Caller& caller, ReviewImages command, RenderChange render, Reply<JobChange> reply) = 0;
  /// not_found also for a step that the run does not have; conflict: nothing of it is in doubt.
  virtual void resolve(const Caller& caller, ResolveAttempt command, RenderChange render, Reply<JobChange> reply) = 0;
  /// Replies when the job's newest run has ended, or after `timeout`, with the job as it is then.
  virtual void wait(const Caller& caller, JobRef job, Millis timeout, Reply<JobView> reply) = 0;

  virtual void job(const Caller& caller, JobRef job, bool details, Reply<JobView> reply) = 0;
  virtual void jobs(const Caller& caller, JobQuery query, Reply<std::vector<JobView>> reply) = 0;
  virtual void run(const Caller& caller, RunId run, Reply<RunView> reply) = 0;
  virtual void runs(const Caller& caller, RunQuery query, Reply<std::vector<RunView>> reply) = 0;
  virtual void run_logs(const Caller& caller, RunId run, Reply<std::vector<LogPiece>> reply) = 0;
  virtual void asset(const Caller& caller, AssetId asset, Reply<AssetView> reply) = 0;
  /// Opens an asset's or a log's bytes. Called only with digests that asset() or run_logs() gave to this caller.
  virtual void content(const Digest& sha256, Reply<std::shared_ptr<BlobSource>> reply) = 0;
  /// A PNG of at most limits::kThumbnailSide pixels a side.
  virtual void thumbnail(const Caller& caller, AssetId asset, Reply<std::string> reply) = 0;

  /// `definition` is JSON or YAML text. validate: all faults at once (validation_failed); success tells the key.
  virtual void validate_workflow(std::string definition, Reply<AppliedWorkflow> reply) = 0;
  virtual void apply_workflow(const Caller& caller, std::string definition, std::optional<IdempotencyKey> key,
                              std::function<KeptAnswer(const AppliedWorkflow&)> render,
                              Reply<AppliedWorkflow> reply) = 0;
  virtual void set_workflow_disabled(const Caller& caller, std::string key, bool disabled,
                                     Reply<WorkflowView> reply) = 0;
  virtual void workflow(std::string key, std::uint32_t version, Reply<WorkflowView> reply) = 0;
  virtual void workflows(std::optional<std::string> after_key, int limit, Reply<std::vector<WorkflowView>> reply) = 0;

  /// Errors: conflict, unknown_workflow, timeout_too_large, validation_failed (pointers as of a job, and /cron,
  /// /time_zone), idempotency_key_…. `render` is called before the commit, as RenderAccepted is.
  virtual void put_schedule(const Caller& caller, PutSchedule command,
                            std::function<KeptAnswer(const ScheduleChange&)> render, Reply<ScheduleChange> reply) = 0;
  virtual void set_schedule_enabled(const Caller& caller, std::string id, bool enabled, Reply<ScheduleView> reply) = 0;
  virtual void delete_schedule(const Caller& caller, std::string id, Reply<Done> reply) = 0;
  /// A job of the schedule now. Errors: not_found, and those of submit.
  virtual void trigger_schedule(const Caller& caller, std::string id, std::optional<IdempotencyKey> key,
                                RenderAccepted render, Reply<AcceptedJob> reply) = 0;
  virtual void schedule(const Caller& caller, std::string id, Reply<ScheduleView> reply) = 0;
  /// By id.
  virtual void schedules(const Caller& caller, ScheduleQuery query, Reply<std::vector<ScheduleView>> reply) = 0;
  /// A caller that is tied to a client sees and sets those of its client only. Errors: validation_failed, forbidden,
  /// conflict (the same scope, target and mode is engaged already). In force at once, answered when durable.
  virtual void engage_kill_switch(const Caller& caller, KillSwitchDraft draft, std::optional<IdempotencyKey> key,
                                  std::function<KeptAnswer(const KillSwitch&)> render,
                                  Reply<EngagedKillSwitch> reply) = 0;
  /// Replies with the switch as it was; not_found, conflict.
  virtual void release_kill_switch(const Caller& caller, KillSwitchId id, Reply<KillSwitch> reply) = 0;
  /// Newest first.
  virtual std::vector<KillSwitch> kill_switches(const Caller& caller) = 0;  ///< does not block

  virtual void audit(const Caller& caller, AuditQuery query, Reply<AuditPage> reply) = 0;
  virtual void verify_audit(const Caller& caller, std::optional<JobId> job, Reply<AuditVerdict> reply) = 0;

  /// `event` is called for each event from then on, from any thread; it must not block. With `after_seq` (of a job's
  /// chain), the durable events since then come first, without gap or repetition.
  virtual std::unique_ptr<Subscription> subscribe(const Caller& caller, EventFilter filter,
                                                  std::optional<std::uint64_t> after_seq,
                                                  std::function<void(LiveEventPtr)> event) = 0;

  /// Those in force for all jobs of a client, whatever their workflow. Does not block.
  virtual RateLimitStates client_limits(const std::string& client) = 0;
  /// The tree, asked for right now: who has not answered within a second is shown as unresponsive. At most `jobs` of
  /// the live jobs are shown.
  virtual void actors(const Caller& caller, int jobs, Reply<ActorView> reply) = 0;
  /// Replies once the wish is recorded. Errors: not_found, conflict (this one cannot be restarted by itself),
  /// job_finished.
  virtual void restart_actor(const Caller& caller, std::string id, Reply<Done> reply) = 0;

  virtual Readiness readiness() = 0;  ///< does not block
  virtual NodeMeta meta() = 0;        ///< does not block
  virtual std::string metrics() = 0;  ///< Prometheus text; does not block
};

}  // namespace troupe
