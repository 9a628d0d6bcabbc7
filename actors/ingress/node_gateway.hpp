// The core's side of the Gateway port. Everything that must not block runs on the caller's thread (validation, the
// decision to accept); reads run on the blocking pool; changes go to persistence or the supervisor as messages.
//
//   submit.cpp        accept jobs            reads.cpp      jobs, runs, assets, logs
//   changes.cpp       cancel, retry, wait    watching.cpp   subscriptions
//   definitions.cpp   workflows              trail.cpp      audit
#pragma once

#include <atomic>
#include <mutex>
#include <set>

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
  std::function<bool(std::string_view)> is_quick_expression;
};

class NodeGateway final : public Gateway {
 public:
  NodeGateway(NodeContext& node, const NodeActors& actors, GatewayOptions options);

  void submit(const Caller& caller, std::vector<SubmitJob> jobs, RenderAccepted render,
              std::function<void(std::vector<Result<AcceptedJob>>)> reply) override;
  void cancel(const Caller& caller, CancelJob command, RenderChange render, Reply<JobChange> reply) override;
  void retry(const Caller& caller, RetryJob command, RenderChange render, Reply<JobChange> reply) override;
  void wait(const Caller& caller, JobRef job, Millis timeout, Reply<JobView> reply) override;

  void job(const Caller& caller, JobRef job, bool details, Reply<JobView> reply) override;
  void jobs(const Caller& caller, JobQuery query, Reply<std::vector<JobView>> reply) override;
  void run(const Caller& caller, RunId run, Reply<RunView> reply) override;
  void runs(const Caller& caller, RunQuery query, Reply<std::vector<RunView>> reply) override;
  void run_logs(const Caller& caller, RunId run, Reply<std::vector<LogPiece>> reply) override;
  void asset(const Caller& caller, AssetId asset, Reply<AssetRow> reply) override;
  void content(const Digest& sha256, Reply<std::shared_ptr<BlobSource>> reply) override;
  void thumbnail(const Caller& caller, AssetId asset, Reply<std::string> reply) override;

  void validate_workflow(std::string definition, Reply<AppliedWorkflow> reply) override;
  void apply_workflow(const Caller& caller, std::string definition, std::optional<IdempotencyKey> key,
                      std::function<KeptAnswer(const AppliedWorkflow&)> render, Reply<AppliedWorkflow> reply) override;
  void set_workflow_disabled(const Caller& caller, std::string key, bool disabled, Reply<WorkflowView> reply) override;
  void workflow(std::string key, std::uint32_t version, Reply<WorkflowView> reply) override;
  void workflows(std::optional<std::string> after_key, int limit, Reply<std::vector<WorkflowView>> reply) override;

  void audit(const Caller& caller, AuditQuery query, Reply<AuditPage> reply) override;
  void verify_audit(const Caller& caller, std::optional<JobId> job, Reply<AuditVerdict> reply) override;

  std::unique_ptr<Subscription> subscribe(const Caller& caller, EventFilter filter,
                                          std::optional<std::uint64_t> after_seq,
                                          std::function<void(LiveEventPtr)> event) override;

  /// The node stops: every `Prefer: wait` is answered with what is known.
  void end_waits();

  Readiness readiness() override;
  NodeMeta meta() override;
  std::string metrics() override;

 private:
  struct Batch;

  /// Can anything be changed now? Checked before work is taken on.
  std::optional<Error> unavailable() const;

  // submit.cpp
  Result<PersistPtr> accept(const Caller& caller, const SubmitJob& job, Slot slot, const RenderAccepted& render,
                            AcceptedJob& accepted, RunSeedPtr& seed);
  Result<Document> check_inputs(const CatalogEntry& entry, const Document& inputs) const;
  Result<AcceptedJob> answer_duplicate(const SubmitJob& job, const CommitReply::Duplicate& duplicate) const;
  void submit_one(const Caller& caller, SubmitJob job, Slot slot, const RenderAccepted& render,
                  std::function<void(Result<AcceptedJob>)> reply);

  // changes.cpp
  using ChangeJob = std::function<void(const JobRow& row, const Reply<JobChange>& answer)>;
  void change(const Caller& caller, const JobRef& job, const std::optional<IdempotencyKey>& key, Reply<JobChange> reply,
              ChangeJob make_change);

  // reads.cpp; all block
  Result<JobRow> find_job(const Caller& caller, const JobRef& ref) const;
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
  Waits waits_;
  std::mutex applying_mutex_;
  std::set<std::string> applying_;  ///< workflow keys whose next version is being committed
};

template <class T>
void NodeGateway::read(Reply<T> reply, std::function<Result<T>()> function) {
  const bool queued = node_.blocking.run([reply, function = std::move(function)] { reply(function()); });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many reads are waiting", true, {}});
}

}  // namespace troupe
