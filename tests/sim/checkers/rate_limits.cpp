// No limit lets in more than it says: in whatever time, no more jobs and retries of a client, or of a workflow and key,
// than its burst and what came since; a process that is new begins anew. Who is refused met a limit that has no room,
// and is told when it has: not too early, and not too late.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "codec/schedule_codec.hpp"
#include "expr/expr.hpp"
#include "sim/checkers/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

/// So long a node may go by an older version, or a request be under way that did.
constexpr Millis kToBeKnown{30'000};

/// A bucket, by hand: a token is as many parts as its time has milliseconds.
class Level {
 public:
  Level(const RateLimit& limit, Millis at) : limit_(limit), at_(at), parts_(limit.per.count() * limit.burst) {}

  void take(Millis at) {
    go_to(at);
    parts_ -= limit_.per.count();
  }
  /// When there is a token, if nobody else takes it.
  Millis room_at(Millis at) {
    go_to(at);
    const std::int64_t missing = std::max<std::int64_t>(0, limit_.per.count() - parts_);
    return at_ + Millis((missing + limit_.limit - 1) / limit_.limit);
  }

 private:
  void go_to(Millis at) {
    if (at <= at_) return;
    parts_ = std::min(limit_.per.count() * limit_.burst, parts_ + (at - at_).count() * limit_.limit);
    at_ = at;
  }
  const RateLimit limit_;
  Millis at_;
  std::int64_t parts_;
};

class RateLimits final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "rate limits"; }

  void asked(const Request& request) override {
    if (request.ask == Ask::submit) {
      const SubmitJob& job = request.wish->job;
      claim(request, job.client_id, job.workflow_key, scope_key(job.workflow_key, job.client_id, job.inputs));
    } else if (request.ask == Ask::retry) {
      const JobRow& row = world_.jobs().find(*request.job)->row;
      claim(request, row.client_id, row.workflow_key, std::nullopt);
    }
  }

  void stored(const StoredChange& change) override {
    if (change.change.workflow) note_version(change.change.workflow->key, change.change.workflow->version);
    for (const SettingRow& row : change.change.settings)
      if (row.kind == "schedule" && row.document.present())
        has_unseen_.insert(decode_schedule(row.id, row.document)->workflow_key);
    if (change.job == nullptr || change.records.empty()) return;
    const std::string action = change.records.front().at("action");
    if (change.change.insert || action == "job.retried") let_in(change);
  }

  void accepted(const Request& request, const Result<AcceptedJob>& result) override {
    if (result && !result->kept && !result->repeated) is_told(request);
    answered(request, result ? nullptr : &result.error());
  }
  void changed(const Request& request, const Result<JobChange>& result) override {
    if (request.ask != Ask::retry) return;
    answered(request, result ? nullptr : &result.error());
  }

 private:
  /// What a request, or a step's or schedule's job, has of one limit.
  struct Use {
    std::string mark;                ///< empty: of nobody who asked
    std::optional<std::string> key;  ///< whose bucket; nothing: of any, as far as is known
    Millis from, to;                 ///< within which it was taken
    bool is_let_in = false;
    bool is_back = false;  ///< whole: it was lent for no time
  };
  using Policy = std::pair<int, std::string>;  ///< of a process
  struct Version {
    RateLimit limit;
    Millis since;
  };

  Millis now() const { return world_.now().time_since_epoch(); }

  void note_version(const std::string& key, std::uint32_t version) {
    const WorkflowPtr workflow = world_.jobs().workflow(key, version);
    if (workflow->rate_limit.exists()) versions_["workflow:" + key].push_back({workflow->rate_limit, now()});
  }

  /// All that it may have gone by.
  std::vector<Version> versions_of(const std::string& policy, const std::string& client) const {
    if (policy == kClient) return {{world_.client_rates().of(client), Millis(0)}};
    return versions_.at(policy);
  }
  std::vector<std::string> policies_of(const std::string& client, const std::string& workflow) const {
    std::vector<std::string> policies;
    if (world_.client_rates().of(client).exists()) policies.emplace_back(kClient);
    if (versions_.contains("workflow:" + workflow)) policies.push_back("workflow:" + workflow);
    return policies;
  }
  std::string scope_key(const std::string& workflow, const std::string& client, const Document& inputs) const {
    const WorkflowPtr newest = world_.jobs().workflow(workflow, world_.jobs().newest_version(workflow));
    if (newest == nullptr || newest->rate_limit_key.empty()) return {};
    return canonical_json(
        *evaluate(newest->rate_limit_key, {{"inputs", from_document(inputs)}, {"client_id", client}}));
  }

  void claim(const Request& request, const std::string& client, const std::string& workflow,
             const std::optional<std::string>& key) {
    for (const std::string& policy : policies_of(client, workflow))
      uses_[{request.life->number, policy}].push_back(
          {request.mark(), policy == kClient ? client : key, now(), Millis::max()});
    clients_[request.mark()] = client;
    workflows_[request.mark()] = workflow;
  }

  // --- what is let in

  void let_in(const StoredChange& change) {
    const JobRow& row = change.job->row;
    const bool is_asked_for = !change.job->is_child && !row.user_id.empty();
    const bool is_new = change.change.insert.has_value();
    std::string mark = change.records.front().at("actor");
    if (is_new) mark = is_asked_for ? row.user_id : "";
    if (!is_new && !clients_.contains(mark)) mark.clear();  // a step's job that is begun again
    if (mark.empty()) has_unseen_.insert(row.workflow_key);
    const std::string key = scope_key(row.workflow_key, row.client_id, change.job->inputs);
    for (const std::string& policy : policies_of(row.client_id, row.workflow_key)) {
      std::vector<Use>& uses = uses_[{change.life->number, policy}];
      auto use = std::find_if(uses.begin(), uses.end(), [&](const Use& other) { return other.mark == mark; });
      if (mark.empty() || use == uses.end())
        use = uses.insert(uses.end(), {mark, {}, change.life->started_at.time_since_epoch(), now()});
      use->key = policy == kClient ? row.client_id : key;
      use->is_let_in = true;
      use->to = now();
      // The job's id is made right after.
      if (is_new && !change.life->clock_was_set)
        use->from = use->to = (row.created_at - change.life->clock_offset).time_since_epoch();
      is_within(uses, *use, versions_of(policy, row.client_id), policy);
    }
  }

  /// In no time that begins with this one or before were there too many.
  static void is_within(const std::vector<Use>& uses, const Use& last, const std::vector<Version>& versions,
                        const std::string& policy) {
    std::vector<Use> same;
    for (const Use& use : uses)
      if (use.is_let_in && use.key == last.key) same.push_back(use);
    std::sort(same.begin(), same.end(), [](const Use& one, const Use& other) { return one.from > other.from; });
    Millis until(0);
    for (std::size_t count = 1; count <= same.size(); ++count) {
      const Use& first = same[count - 1];
      until = std::max(until, first.to);
      if (first.from > last.from) continue;
      expect(static_cast<double>(count) <= most(versions, first.from, until), "no limit lets in more than it says",
             policy + " " + *last.key + " has let in " + std::to_string(count) + " within " +
                 std::to_string((until - first.from).count()) + " ms");
    }
  }

  /// As many as all versions together that may have been the newest.
  static double most(const std::vector<Version>& versions, Millis from, Millis until) {
    double bursts = 0, rate = 0;
    std::optional<RateLimit> before;
    for (std::size_t i = 0; i < versions.size(); ++i) {
      const RateLimit& limit = versions[i].limit;
      const bool is_over = i + 1 < versions.size() && versions[i + 1].since + kToBeKnown < from;
      if (is_over || versions[i].since > until) continue;
      if (before != limit) bursts += limit.burst;
      rate = std::max(rate, static_cast<double>(limit.limit) / static_cast<double>(limit.per.count()));
      before = limit;
    }
    return bursts + rate * static_cast<double>((until - from).count()) + 1e-6;
  }

  // --- what is refused

  void answered(const Request& request, const Error* refusal) {
    if (!clients_.contains(request.mark())) return;
    if (refusal != nullptr && refusal->code == ErrorCode::rate_limited) refused(request, *refusal);
    for (const std::string& policy : policies_of_mark(request.mark())) {
      std::vector<Use>& uses = uses_[{request.life->number, policy}];
      const auto use =
          std::find_if(uses.begin(), uses.end(), [&](const Use& other) { return other.mark == request.mark(); });
      if (use == uses.end() || use->is_let_in) continue;
      use->to = now();
      use->is_back = use->from == use->to;  // else it may be less than a token that came back
    }
  }

  std::vector<std::string> policies_of_mark(const std::string& mark) const {
    return policies_of(clients_.at(mark), workflows_.at(mark));
  }

  void refused(const Request& request, const Error& refusal) {
    const std::string mark = request.mark(), &client = clients_.at(mark), &workflow = workflows_.at(mark);
    const auto policies = policies_of_mark(mark);
    expect(!policies.empty(), "only who meets a limit is refused by one", mark);
    expect(refusal.retry_after && *refusal.retry_after > Millis(0), "who is refused is told when to come again", mark);
    expect(request.limits != nullptr && !request.limits->empty() && request.limits->front().remaining == 0,
           "who is refused is told of the limit that has no room", mark);
    world_.saw("rate limited");
    for (const std::string& policy : policies) {
      const auto versions = versions_of(policy, client);
      if (!all_same(versions)) return;
      const auto key = key_of(request, policy);
      if (!key) return;
      const RateLimit& limit = versions.front().limit;
      expect(now() + *refusal.retry_after >= earliest_room(request, policy, *key, limit),
             "who is refused is told to come when there is room", mark + " by " + policy);
    }
    const bool knows_all = policies.size() == 1 && policies.front() != kClient && !may_be_called(workflow) &&
                           !has_unseen_.contains(workflow);
    if (!knows_all) return;
    world_.saw("refusal checked exactly");
    const Millis room = latest_room(request, policies.front(), *key_of(request, policies.front()),
                                    versions_.at(policies.front())[0].limit);
    const Millis asked = request.at.time_since_epoch();
    expect(room > asked, "who is refused met a limit without room", mark + " by " + policies.front());
    expect(asked + *refusal.retry_after <= room, "who is refused need not wait for longer than he must",
           mark + " by " + policies.front());
  }

  static bool all_same(const std::vector<Version>& versions) {
    return std::all_of(versions.begin(), versions.end(),
                       [&](const Version& version) { return version.limit == versions.front().limit; });
  }

  std::optional<std::string> key_of(const Request& request, const std::string& policy) const {
    for (const Use& use : uses_.at({request.life->number, policy}))
      if (use.mark == request.mark()) return use.key;
    return std::nullopt;
  }

  /// As if those alone had a token that were let in before, each as early as can be.
  Millis earliest_room(const Request& request, const std::string& policy, const std::string& key,
                       const RateLimit& limit) const {
    std::vector<Millis> taken;
    for (const Use& use : uses_.at({request.life->number, policy}))
      if (use.is_let_in && use.key == key && use.to < request.at.time_since_epoch()) taken.push_back(use.from);
    std::sort(taken.begin(), taken.end());
    Level level(limit, Millis(0));
    for (const Millis at : taken) level.take(at);
    return level.room_at(Millis(0));
  }

  /// As if everyone had one who may have had it, as late as can be.
  Millis latest_room(const Request& request, const std::string& policy, const std::string& key,
                     const RateLimit& limit) const {
    const Millis asked = request.at.time_since_epoch();
    std::vector<Millis> taken;
    for (const Use& use : uses_.at({request.life->number, policy})) {
      const bool is_others = use.mark != request.mark() && (!use.key || use.key == key);
      if (is_others && !(use.is_back && use.to < asked)) taken.push_back(std::min(use.to, asked));
    }
    std::sort(taken.begin(), taken.end());
    Level level(limit, Millis(0));
    for (const Millis at : taken) level.take(at);
    return level.room_at(asked);
  }

  void is_told(const Request& request) const {
    if (!clients_.contains(request.mark())) return;
    std::set<std::string> told;
    for (const RateLimitState& state : *request.limits) told.insert(state.policy);
    const auto policies = policies_of_mark(request.mark());
    expect(told == std::set<std::string>(policies.begin(), policies.end()), "a client is told which limits it met",
           request.mark());
  }

  static constexpr const char* kClient = "client";
  std::map<std::string, std::vector<Version>> versions_;    ///< of a workflow's policy, as they became durable
  std::map<Policy, std::vector<Use>> uses_;                 ///< in the order in which they were asked for
  std::map<std::string, std::string> clients_, workflows_;  ///< by mark
  std::set<std::string> has_unseen_;  ///< workflows that somebody asked for whose requests are not seen here
};

}  // namespace

std::unique_ptr<Checker> make_rate_limits(World& world) { return std::make_unique<RateLimits>(world); }

}  // namespace troupe::sim
