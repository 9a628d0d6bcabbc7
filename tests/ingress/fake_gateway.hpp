// A core that does what the test says: remembers what it was asked and answers from its fields, at once. An operation
// whose answer is an error is made by setting `error`.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

class TextBlob final : public BlobSource {
 public:
  explicit TextBlob(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    return text_.substr(static_cast<std::size_t>(offset), count);
  }

 private:
  std::string text_;
};

class FakeGateway final : public Gateway {
 public:
  // what it answers
  std::optional<Error> error;
  AcceptedJob accepted;
  std::function<Result<AcceptedJob>(const SubmitJob&)> decide;  ///< in place of `accepted`
  bool hold_submits = false;
  JobChange change;
  JobView job_view;
  std::vector<JobView> job_list;
  RunView run_view;
  std::vector<RunView> run_list;
  std::vector<LogPiece> log_pieces;
  AssetRow asset_row;
  std::map<Digest, std::string> blobs;
  AppliedWorkflow applied;
  WorkflowView workflow_view;
  std::vector<WorkflowView> workflow_list;
  ScheduleChange schedule_change;
  ScheduleView schedule_view;
  std::vector<ScheduleView> schedule_list;
  KillSwitch kill_switch;
  std::optional<KeptAnswer> kept;  ///< for the key of a kill switch
  std::vector<KillSwitch> kill_switch_list;
  AuditPage audit_page;
  AuditVerdict verdict;
  RateLimitStates limits;  ///< that jobs and retries meet, and that meta shows
  Readiness ready{true, {}, {}};
  ActorView actor_tree{"node", "node"};

  // what it was asked
  std::mutex held_mutex;
  std::vector<std::function<void()>> held_submits;  ///< call each to answer it
  Caller caller;
  std::vector<SubmitJob> submitted;
  std::optional<KeptAnswer> rendered;  ///< what would be kept for an Idempotency-Key
  std::optional<IdempotencyKey> key;
  CancelJob cancelled;
  RetryJob retried;
  SendSignal sent_signal;
  ReviewImages reviewed;
  ResolveAttempt resolved;
  JobRef asked_job;
  std::optional<Millis> waited;
  JobQuery job_query;
  RunQuery run_query;
  AuditQuery audit_query;
  std::optional<JobId> verified;
  std::optional<KillSwitchDraft> draft;
  KillSwitchId released;
  std::string definition;
  std::string asked_key;
  std::string asked_client;
  std::uint32_t asked_version = 99;
  std::optional<std::string> asked_after;
  PutSchedule put_command;
  ScheduleQuery schedule_query;
  std::string asked_schedule;
  std::optional<bool> set_enabled;
  EventFilter filter;
  std::optional<std::uint64_t> after_seq;
  int asked_jobs = -1;
  std::string restarted;
  std::function<void(LiveEventPtr)> watcher;  ///< null when nobody is subscribed
  std::function<void()> while_reading_logs;
  int calls = 0;

  void submit(const Caller& who, std::vector<SubmitJob> jobs, RenderAccepted render,
              std::function<void(std::vector<Result<AcceptedJob>>)> reply) override {
    ++calls;
    caller = who;
    submitted = std::move(jobs);
    if (!submitted.empty()) key = submitted[0].idempotency;
    for (const SubmitJob& job : submitted)
      if (job.limits) *job.limits = limits;
    if (render) rendered = render(accepted);
    std::vector<Result<AcceptedJob>> results;
    for (const SubmitJob& job : submitted) results.push_back(decide ? decide(job) : give(accepted));
    if (!hold_submits) return reply(std::move(results));
    const std::lock_guard lock(held_mutex);
    held_submits.push_back([reply = std::move(reply), results = std::move(results)] { reply(results); });
  }
  void cancel(const Caller& who, CancelJob command, RenderChange render, Reply<JobChange> reply) override {
    caller = who;
    cancelled = std::move(command);
    key = cancelled.idempotency;
    rendered = render(change);
    reply(give(change));
  }
  void retry(const Caller& who, RetryJob command, RenderChange render, Reply<JobChange> reply) override {
    caller = who;
    retried = std::move(command);
    if (retried.limits) *retried.limits = limits;
    key = retried.idempotency;
    rendered = render(change);
    reply(give(change));
  }
  void wait(const Caller& who, JobRef job, Millis timeout, Reply<JobView> reply) override {
    caller = who;
    asked_job = std::move(job);
    waited = timeout;
    reply(give(job_view));
  }
  void job(const Caller& who, JobRef job, bool, Reply<JobView> reply) override {
    ++calls;
    caller = who;
    asked_job = std::move(job);
    reply(give(job_view));
  }
  void jobs(const Caller& who, JobQuery query, Reply<std::vector<JobView>> reply) override {
    caller = who;
    job_query = std::move(query);
    reply(give(job_list));
  }
  void run(const Caller& who, RunId, Reply<RunView> reply) override {
    caller = who;
    reply(give(run_view));
  }
  void runs(const Caller& who, RunQuery query, Reply<std::vector<RunView>> reply) override {
    caller = who;
    run_query = std::move(query);
    reply(give(run_list));
  }
  void run_logs(const Caller&, RunId, Reply<std::vector<LogPiece>> reply) override {
    if (while_reading_logs) while_reading_logs();
    reply(give(log_pieces));
  }
  void signal(const Caller& who, SendSignal command, RenderChange render, Reply<JobChange> reply) override {
    caller = who;
    sent_signal = std::move(command);
    key = sent_signal.idempotency;
    rendered = render(change);
    reply(give(change));
  }
  void review(const Caller& who, ReviewImages command, RenderChange render, Reply<JobChange> reply) override {
    caller = who;
    reviewed = std::move(command);
    key = reviewed.idempotency;
    rendered = render(change);
    reply(give(change));
  }
  void resolve(const Caller& who, ResolveAttempt command, RenderChange render, Reply<JobChange> reply) override {
    caller = who;
    resolved = std::move(command);
    key = resolved.idempotency;
    rendered = render(change);
    reply(give(change));
  }
  void asset(const Caller& who, AssetId, Reply<AssetView> reply) override {
    caller = who;
    reply(give(AssetView{asset_row, ReviewStatus::pending}));
  }
  void content(const Digest& sha256, Reply<std::shared_ptr<BlobSource>> reply) override {
    ++calls;
    const auto found = blobs.find(sha256);
    if (found == blobs.end()) return reply(Error{ErrorCode::not_found, "no such blob", false, {}});
    reply(std::shared_ptr<BlobSource>(std::make_shared<TextBlob>(found->second)));
  }
  void thumbnail(const Caller&, AssetId, Reply<std::string> reply) override { reply(give(std::string("\x89PNG"))); }

  void validate_workflow(std::string text, Reply<AppliedWorkflow> reply) override {
    definition = std::move(text);
    reply(give(applied));
  }
  void apply_workflow(const Caller& who, std::string text, std::optional<IdempotencyKey> idempotency,
                      std::function<KeptAnswer(const AppliedWorkflow&)> render, Reply<AppliedWorkflow> reply) override {
    caller = who;
    definition = std::move(text);
    key = std::move(idempotency);
    rendered = render(applied);
    reply(give(applied));
  }
  void set_workflow_disabled(const Caller& who, std::string name, bool disabled, Reply<WorkflowView> reply) override {
    caller = who;
    asked_key = std::move(name);
    workflow_view.disabled = disabled;
    reply(give(workflow_view));
  }
  void workflow(std::string name, std::uint32_t version, Reply<WorkflowView> reply) override {
    asked_key = std::move(name);
    asked_version = version;
    reply(give(workflow_view));
  }
  void workflows(std::optional<std::string> after, int, Reply<std::vector<WorkflowView>> reply) override {
    asked_after = std::move(after);
    reply(give(workflow_list));
  }
  void put_schedule(const Caller& who, PutSchedule command, std::function<KeptAnswer(const ScheduleChange&)> render,
                    Reply<ScheduleChange> reply) override {
    ++calls;
    caller = who;
    put_command = std::move(command);
    key = put_command.idempotency;
    rendered = render(schedule_change);
    reply(give(schedule_change));
  }
  void set_schedule_enabled(const Caller& who, std::string id, bool enabled, Reply<ScheduleView> reply) override {
    caller = who;
    asked_schedule = std::move(id);
    set_enabled = enabled;
    reply(give(schedule_view));
  }
  void delete_schedule(const Caller& who, std::string id, Reply<Done> reply) override {
    caller = who;
    asked_schedule = std::move(id);
    reply(give(Done{}));
  }
  void trigger_schedule(const Caller& who, std::string id, std::optional<IdempotencyKey> idempotency,
                        RenderAccepted render, Reply<AcceptedJob> reply) override {
    caller = who;
    asked_schedule = std::move(id);
    key = std::move(idempotency);
    rendered = render(accepted);
    reply(give(accepted));
  }
  void schedule(const Caller& who, std::string id, Reply<ScheduleView> reply) override {
    caller = who;
    asked_schedule = std::move(id);
    reply(give(schedule_view));
  }
  void schedules(const Caller& who, ScheduleQuery query, Reply<std::vector<ScheduleView>> reply) override {
    caller = who;
    schedule_query = std::move(query);
    reply(give(schedule_list));
  }
  void engage_kill_switch(const Caller& who, KillSwitchDraft wanted, std::optional<IdempotencyKey> idempotency,
                          std::function<KeptAnswer(const KillSwitch&)> render,
                          Reply<EngagedKillSwitch> reply) override {
    caller = who;
    draft = std::move(wanted);
    key = std::move(idempotency);
    rendered = render(kill_switch);
    reply(give(EngagedKillSwitch{kill_switch, kept}));
  }
  void release_kill_switch(const Caller& who, KillSwitchId id, Reply<KillSwitch> reply) override {
    caller = who;
    released = id;
    reply(give(kill_switch));
  }
  std::vector<KillSwitch> kill_switches(const Caller& who) override {
    caller = who;
    return kill_switch_list;
  }
  void audit(const Caller& who, AuditQuery query, Reply<AuditPage> reply) override {
    caller = who;
    audit_query = std::move(query);
    reply(give(audit_page));
  }
  void verify_audit(const Caller&, std::optional<JobId> job, Reply<AuditVerdict> reply) override {
    verified = job;
    ++calls;
    reply(give(verdict));
  }
  std::unique_ptr<Subscription> subscribe(const Caller&, EventFilter wanted, std::optional<std::uint64_t> after,
                                          std::function<void(LiveEventPtr)> event) override {
    filter = std::move(wanted);
    after_seq = after;
    watcher = std::move(event);
    return std::make_unique<Watch>(*this);
  }
  RateLimitStates client_limits(const std::string& client) override {
    asked_client = client;
    return limits;
  }
  void actors(const Caller& who, int jobs, Reply<ActorView> reply) override {
    caller = who;
    asked_jobs = jobs;
    reply(give(actor_tree));
  }
  void restart_actor(const Caller& who, std::string id, Reply<Done> reply) override {
    caller = who;
    restarted = std::move(id);
    reply(give(Done{}));
  }
  Readiness readiness() override { return ready; }
  NodeMeta meta() override { return {"node-1", "0.1.0", "memory", "2026-11-21T01:02:03.000Z"}; }
  std::string metrics() override { return "# HELP troupe_up 1\n"; }

 private:
  struct Watch final : Subscription {
    explicit Watch(FakeGateway& gateway) : of(gateway) {}
    ~Watch() override { of.watcher = nullptr; }
    FakeGateway& of;
  };

  template <class T>
  Result<T> give(const T& value) const {
    if (error) return *error;
    return value;
  }
};

}  // namespace troupe::ingress
