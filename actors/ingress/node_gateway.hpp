// The core's side of the Gateway port. Everything that must not block runs on the caller's thread (validation, the
// decision to accept); reads run on the blocking pool; changes go to persistence or the supervisor as messages.
//
//   submit.cpp        accept jobs            reads.cpp      jobs, runs, assets, logs
//   changes.cpp       cancel, retry, wait    watching.cpp   subscriptions
//   definitions.cpp   workflows              trail.cpp      audit
//   rates.cpp         rate limits
//   schedules.cpp     schedules
//   kill_switches.cpp engage, release, list
//   actor_tree.cpp    the actors, and their restart
#pragma once

#include <atomic>
#include <mutex>
#include <set>

#include "actors/ingress/answer_once.hpp"
#include "actors/ingress/rate_limits.hpp"
#include "actors/ingress/waits.hpp"
#include "actors/ingress/workflow_catalog.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

struct GatewayOptions {
  std::vector<Slot> slots{0};  ///< of new jobs, in turn: of shards of this node, one a writer
  Millis timeout_max = limits::kRunTimeoutMax;
  std::size_t runs_live_max = limits::kJobsInFlight;
  std::size_t client_share = limits::kClientShare;  ///< of it, in percent; see LiveJobs
  std::size_t changes_waiting_max = limits::kPersistenceQueue;
  std::string version;
  std::string store_kind;
  std::function<Result<std::string>(std::string_view)> thumbnail;  ///< a PNG of an image's bytes
  std::function<std::string(const AssetRow&)> type_card;           ///< a PNG that stands for what is no image
  std::function<std::string()> metrics;
  std::function<std::optional<std::string>(std::string_view)> check_expression;
  std::function<bool(std::string_view)> has_command;  ///< is it listed for `exec` steps? Empty: nobody can say
  std::function<bool(std::string_view)> is_quick_expression;
  std::function<Result<Json>(std::string_view expression, const Json& scope)> evaluate;
  ClientRates client_rates;
  std::size_t rate_buckets_most = RateLimits::kBucketsMost;
};

/// A client's credential sees its own jobs only; others do not exist for it.
inline bool may_see(const Caller& caller, const JobRow& row) {
  return !caller.client_id || *caller.client_id == row.client_id;
}

class NodeGateway final : public Gateway {
 public:
  NodeGateway(NodeContext& node, const NodeActors& actors, GatewayOptions options);

  void submit(const Caller& caller, std::vector<SubmitJob> jobs, RenderAccepted render,
              std::function<void(std::vector<Result<AcceptedJob>>)> reply) override;
  void cancel(const Caller& caller, CancelJob command, RenderChange render, Reply<JobChange> reply) override;
  void retry(const Caller& caller, RetryJob command, RenderChange render, Reply<JobChange> reply) override;
  void signal(const Caller& caller, SendSignal command, RenderChange render, Reply<JobChange> reply) override;
  void review(const Caller& caller, ReviewImages command, RenderChange render, Reply<JobChange> reply) override;
  void resolve(const Caller& caller, ResolveAttempt command, RenderChange render, Reply<JobChange> reply) override;
  void wait(const Caller& caller, JobRef job, Millis timeout, Reply<JobView> reply) override;

  void job(const Caller& caller, JobRef job, bool details, Reply<JobView> reply) override;
  void jobs(const Caller& caller, JobQuery query, Reply<std::vector<JobView>> reply) override;
  void run(const Caller& caller, RunId run, Reply<RunView> reply) override;
  void runs(const Caller& caller, RunQuery query, Reply<std::vector<RunView>> reply) override;
  void run_logs(const Caller& caller, RunId run, Reply<std::vector<LogPiece>> reply) override;
  void asset(const Caller& caller, AssetId asset, Reply<AssetView> reply) override;
  void content(const Digest& sha256, Reply<std::shared_ptr<BlobSource>> reply) override;
  void thumbnail(const Caller& caller, AssetId asset, Reply<std::string> reply) override;

  void validate_workflow(std::string definition, Reply<AppliedWorkflow> reply) override;
  void apply_workflow(const Caller& caller, std::string definition, std::optional<IdempotencyKey> key,
                      std::function<KeptAnswer(const AppliedWorkflow&)> render, Reply<AppliedWorkflow> reply) override;
  void set_workflow_disabled(const Caller& caller, std::string key, bool disabled, Reply<WorkflowView> reply) override;
  void workflow(std::string key, std::uint32_t version, Reply<WorkflowView> reply) override;
  void workflows(std::optional<std::string> after_key, int limit, Reply<std::vector<WorkflowView>> reply) override;

  void put_schedule(const Caller& caller, PutSchedule command, std::function<KeptAnswer(const ScheduleChange&)> render,
                    Reply<ScheduleChange> reply) override;
  void set_schedule_enabled(const Caller& caller, std::string id, bool enabled, Reply<ScheduleView> reply) override;
  void delete_schedule(const Caller& caller, std::string id, Reply<Done> reply) override;
  void trigger_schedule(const Caller& caller, std::string id, std::optional<IdempotencyKey> key, RenderAccepted render,
                        Reply<AcceptedJob> reply) override;
  void schedule(const Caller& caller, std::string id, Reply<ScheduleView> reply) override;
  void schedules(const Caller& caller, ScheduleQuery query, Reply<std::vector<ScheduleView>> reply) override;

  /// Accepts a job whose commit carries more than the job: what `extend` adds. For the schedules' own actor.
  using ExtendChange = std::function<void(Change& change, const AcceptedJob& accepted)>;
  void submit_extended(const Caller& caller, SubmitJob job, ExtendChange extend, Reply<AcceptedJob> reply);
  void engage_kill_switch(const Caller& caller, KillSwitchDraft draft, std::optional<IdempotencyKey> key,
                          std::function<KeptAnswer(const KillSwitch&)> render, Reply<EngagedKillSwitch> reply) override;
  void release_kill_switch(const Caller& caller, KillSwitchId id, Reply<KillSwitch> reply) override;
  std::vector<KillSwitch> kill_switches(const Caller& caller) override;

  void audit(const Caller& caller, AuditQuery query, Reply<AuditPage> reply) override;
  void verify_audit(const Caller& caller, std::optional<JobId> job, Reply<AuditVerdict> reply) override;

  std::unique_ptr<Subscription> subscribe(const Caller& caller, EventFilter filter,
                                          std::optional<std::uint64_t> after_seq,
                                          std::function<void(LiveEventPtr)> event) override;

  void actors(const Caller& caller, int jobs, Reply<ActorView> reply) override;
  void restart_actor(const Caller& caller, std::string id, Reply<Done> reply) override;

  /// The node stops: every `Prefer: wait` is answered with what is known.
  void end_waits();

  RateLimitStates client_limits(const std::string& client) override;

  Readiness readiness() override;
  NodeMeta meta() override;
  std::string metrics() override;

 private:
  struct Batch;

  /// Can anything be changed now? Checked before work is taken on.
  std::optional<Error> unavailable() const;

  /// What refuses new work of this kind.
  std::optional<Error> stopped(const std::string& workflow, const std::string& client, bool is_of_a_step = false) const;

  /// For a new job; nothing where there is none.
  std::optional<LiveJobs::Ticket> make_room(const SubmitJob& job);

  // kill_switches.cpp
  Result<KillSwitch> make_kill_switch(const Caller& caller, const KillSwitchDraft& draft);
  PersistPtr persist_of(const Caller& caller, const KillSwitch& kill_switch, bool engages) const;
  void engage(const Caller& caller, const KillSwitch& kill_switch, std::optional<IdempotencyRow> kept,
              const Reply<EngagedKillSwitch>& reply);
  void tell_switches_changed(KillSwitchPtr kill) const;

  // submit.cpp
  using FoundWorkflow = Result<WorkflowCatalog::Found>;
  Result<PersistPtr> accept(const Caller& caller, const SubmitJob& job, const FoundWorkflow& found, Slot slot,
                            const RenderAccepted& render, AcceptedJob& accepted, RunSeedPtr& seed,
                            RateTicketPtr& ticket, bool is_known);
  Result<Document> check_inputs(const CatalogEntry& entry, const Document& inputs) const;
  Result<AcceptedJob> answer_duplicate(const SubmitJob& job, const CommitReply::Duplicate& duplicate) const;
  /// `found`: the job's workflow. `is_known`: there is a job of this job_id, so this one will not be made; rate limits
  /// are not asked.
  void submit_one(const Caller& caller, SubmitJob job, const FoundWorkflow& found, Slot slot,
                  const RenderAccepted& render, std::function<void(Result<AcceptedJob>)> reply,
                  const ExtendChange& extend = {}, bool is_known = false);

  // rates.cpp
  /// What the limits are asked about: a job that would be accepted.
  struct Candidate {
    const std::string& client;
    const WorkflowDefinition& workflow;   ///< newest_of()
    std::function<Result<Json>()> scope;  ///< of the limit's key
    const std::shared_ptr<RateLimitStates>& told;
  };
  /// Whose limit counts: not the version that a job names, since an old one would get it around the limit.
  WorkflowPtr newest_of(const WorkflowCatalog::Found& found) const;
  bool meets_rate_limit(const std::string& client, const WorkflowDefinition& workflow) const;
  /// Where a limit is met.
  Result<RateTicketPtr> take_tokens(const Candidate& candidate);
  /// Of a retry's key. Blocks.
  Result<Json> scope_of_retry(const JobRow& row, const Document& inputs) const;
  Result<std::string> rate_key(const WorkflowDefinition& workflow, const Result<Json>& scope) const;
  /// A job that a limit refuses: it may be one that is known, whose first answer is given again whatever the limit.
  void refuse_unless_known(const Caller& caller, SubmitJob job, const FoundWorkflow& found, Slot slot,
                           const RenderAccepted& render, std::function<void(Result<AcceptedJob>)> reply,
                           const ExtendChange& extend, const Error& refusal);
  /// `cut`: one that is too long is made shorter, not refused.
  Result<Millis> check_timeout(const WorkflowDefinition& workflow, std::optional<Millis> asked, bool cut = false) const;

  // schedules.cpp
  /// What is wrong with what a schedule wants. Blocks.
  Result<Done> check_schedule(const Schedule& wanted);

  // changes.cpp
  using ChangeJob = std::function<void(const JobRow& row, const Reply<JobChange>& answer)>;
  using FindJob = std::function<Result<JobRow>()>;
  void change(FindJob find, const std::optional<IdempotencyKey>& key, Reply<JobChange> reply, ChangeJob make_change);
  /// Those that a retry gives, or those of the run before where another version makes something else of them. Absent:
  /// as they were. Blocks.
  Result<Document> inputs_of_retry(const CatalogEntry& entry, const JobRow& row, const Document& given) const;

  // actor_tree.cpp
  /// Records that an operator restarts an actor; `done` is then called, unless it could not be recorded.
  void record_restart(const Caller& caller, const std::string& id, Reply<Done> reply, std::function<void()> done);

  // messages.cpp
  struct RunMessage {
    RunId run;
    Command command;
    Document payload;  ///< of a signal
    std::optional<IdempotencyKey> idempotency;
  };
  /// Gives the run what someone says, unless its job has ended.
  void tell_run(const Caller& caller, const RunMessage& message, RenderChange render, Reply<JobChange> reply);
  /// The job whose newest run this is. Blocks.
  Result<JobRow> find_job_of_run(const Caller& caller, const RunId& run) const;
  Result<Done> check_images(const Caller& caller, const ReviewImages& command) const;

  // reads.cpp; all block
  Result<JobRow> find_job(const Caller& caller, const JobRef& ref) const;
  Result<AssetView> find_asset(const Caller& caller, const AssetId& asset) const;
  Result<JobView> view_job(const Caller& caller, const JobRef& ref, bool details) const;

  /// Runs a blocking function on the pool and replies with what it gives; `overloaded` when the pool is full.
  template <class T>
  void read(Reply<T> reply, std::function<Result<T>()> function);
  /// For changes that carry an Idempotency-Key: claims it while the request is in flight and looks for a kept answer.
  /// Blocks. Nothing: go on (and call release_key at the end).
  std::optional<Result<KeptAnswer>> claim_key(const std::optional<IdempotencyKey>& key);
  void release_key(const std::optional<IdempotencyKey>& key);
  IdempotencyRow kept_row(const IdempotencyKey& key, const KeptAnswer& answer) const;

  NodeContext& node_;
  const NodeActors& actors_;
  GatewayOptions options_;
  std::string started_at_;
  std::atomic<std::size_t> submits_{0};  ///< each takes the next slot
  std::mutex ids_mutex_;
  IdFactory ids_;
  std::mutex keys_mutex_;
  std::set<Digest> keys_in_flight_;
  const std::shared_ptr<RateLimits> rate_limits_;
  Waits waits_;
  std::mutex applying_mutex_;
  std::set<std::string> applying_;  ///< workflow keys whose next version is being committed
};

template <class T>
void NodeGateway::read(Reply<T> reply, std::function<Result<T>()> function) {
  reply = answered_in_any_case(node_.health, std::move(reply));
  const bool queued = node_.blocking.run([reply, function = std::move(function)] { reply(function()); });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many reads are waiting", true, {}});
}

}  // namespace troupe
