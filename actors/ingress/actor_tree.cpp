// The actors as an operator sees them: each is asked how it is, and has a second to answer.
//
//   GET ─► Inquiry ── Probe ──► every actor that is there          supervisor ── Probe ──► a few jobs ── Probe ──► runs
//             ◄── answers, on the actors' own threads ───────────────────┘                                  ┘
//             └─ all answered, or the time is over ─► the tree; who is missing in it is unresponsive
#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "actors/ingress/node_gateway.hpp"
#include "actors/node/worker_keeper.hpp"
#include "actors/run/run_change.hpp"
#include "actors/timer/timers.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

constexpr Millis kAnswerTime{1'000};
constexpr const char* kRoot = "node";

/// One request. Shared by all that may still answer it.
class Inquiry : public std::enable_shared_from_this<Inquiry> {
 public:
  Inquiry(NodeContext& node, Reply<ActorView> reply)
      : clock_(node.clock), timers_(node.timers), began_(node.clock.monotonic()), reply_(std::move(reply)) {}

  /// When to reply at the latest. First of all, so that the timer has this behind it when it is asked itself.
  void limit(Timestamp end) {
    const std::lock_guard lock(mutex_);
    timer_ = timers_.call_at(end, [me = weak_from_this()] {
      if (const auto there = me.lock()) there->end();
    });
  }
  /// Known without being asked.
  void add(ActorView view, const std::string& parent) {
    const std::lock_guard lock(mutex_);
    put(std::move(view), parent);
  }
  /// To be awaited, with what is known of it already.
  std::shared_ptr<ProbeAnswer> await_answer(ActorView view, const std::string& parent) {
    const std::string id = view.id;
    const std::lock_guard lock(mutex_);
    put(std::move(view), parent).condition = ActorCondition::unresponsive;
    ++open_;
    return std::make_shared<Answer>(shared_from_this(), id);
  }
  /// All have been asked: replies when they have answered.
  void await() {
    Reply<ActorView> reply;
    {
      const std::lock_guard lock(mutex_);
      awaiting_ = true;
      if (open_ == 0) reply = std::exchange(reply_, nullptr);
    }
    finish(reply);
  }

 private:
  struct Asked {
    ActorView view;
    std::string parent;
    bool gone = false;
  };

  class Answer final : public ProbeAnswer {
   public:
    Answer(std::shared_ptr<Inquiry> inquiry, std::string id) : inquiry_(std::move(inquiry)), id_(std::move(id)) {}
    ~Answer() override {
      if (!given_) inquiry_->gone(id_);
    }
    void give(ActorView view, std::vector<PassedOn> passed_on) override {
      given_ = true;
      inquiry_->answered(id_, std::move(view), passed_on);
    }
    std::shared_ptr<ProbeAnswer> of(const std::string& id) override { return std::make_shared<Answer>(inquiry_, id); }

   private:
    const std::shared_ptr<Inquiry> inquiry_;
    const std::string id_;
    bool given_ = false;
  };

  void end() {
    Reply<ActorView> reply;
    {
      const std::lock_guard lock(mutex_);
      reply = std::exchange(reply_, nullptr);
    }
    finish(reply);
  }

  void finish(const Reply<ActorView>& reply) {
    if (!reply) return;
    reply(tree());
  }

  ActorView& put(ActorView view, const std::string& parent) {
    Asked& one = asked_[order_.emplace_back(view.id)];
    one = Asked{std::move(view), parent};
    return one.view;
  }

  void answered(const std::string& id, ActorView given, const std::vector<PassedOn>& passed_on) {
    Reply<ActorView> reply;
    {
      const std::lock_guard lock(mutex_);
      if (!reply_) return;  // too late
      ActorView& view = asked_.at(id).view;
      view.condition = ActorCondition::running;
      view.mailbox = given.mailbox;
      view.answered_after = clock_.monotonic() - began_;
      if (given.at_work_for) view.at_work_for = given.at_work_for;
      if (given.busy) view.busy = given.busy;
      if (given.waiting) view.waiting = given.waiting;
      if (given.live_jobs) view.live_jobs = given.live_jobs;
      view.restarts += given.restarts;
      view.queues = std::move(given.queues);
      for (const PassedOn& other : passed_on) {
        ActorView asked;
        asked.id = other.id;
        asked.kind = other.kind;
        asked.condition = ActorCondition::unresponsive;
        put(std::move(asked), id);
        ++open_;
      }
      if (--open_ == 0 && awaiting_) reply = std::exchange(reply_, nullptr);
    }
    finish(reply);
  }

  /// It ended before it could answer.
  void gone(const std::string& id) {
    Reply<ActorView> reply;
    {
      const std::lock_guard lock(mutex_);
      if (!reply_) return;
      Asked& one = asked_.at(id);
      one.view.condition = ActorCondition::restarting;
      one.gone = one.view.kind == "job" || one.view.kind == "run";
      if (--open_ == 0 && awaiting_) reply = std::exchange(reply_, nullptr);
    }
    finish(reply);
  }

  ActorView tree() {
    const std::lock_guard lock(mutex_);
    if (timer_) timers_.forget(*timer_);
    // Children come after their parents in `order_`, so that going backwards each is complete when it is hung up.
    ActorView root;
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      Asked& one = asked_.at(*id);
      std::ranges::reverse(one.view.children);
      if (one.gone) continue;
      if (*id == kRoot)
        root = std::move(one.view);
      else
        asked_.at(one.parent).view.children.push_back(std::move(one.view));
    }
    return root;
  }

  Clock& clock_;
  Timers& timers_;
  const Millis began_;
  std::mutex mutex_;
  Reply<ActorView> reply_;  ///< none once it is given
  std::map<std::string, Asked> asked_;
  std::vector<std::string> order_;
  std::size_t open_ = 0;
  bool awaiting_ = false;
  std::optional<Timers::Key> timer_;
};

ActorView named(std::string id, std::string kind) {
  ActorView view;
  view.id = std::move(id);
  view.kind = std::move(kind);
  return view;
}

/// What can be seen of a writer from outside, also while it waits for the store.
ActorView describe_writer(const WriterHealth& health, std::size_t number, Millis now) {
  ActorView view = named("persistence:" + std::to_string(number), "persistence");
  switch (health.obstacle) {
    case StoreObstacle::none: break;
    case StoreObstacle::away: view.last_error = "the database does not answer"; break;
    case StoreObstacle::read_only: view.last_error = "the database can only be read"; break;
    case StoreObstacle::full: view.last_error = "the database's disk is full"; break;
  }
  if (const Millis::rep began = health.commit_began; began != WriterHealth::kNoCommit)
    view.at_work_for = std::max(Millis(0), now - Millis(began));
  return view;
}

Error not_alone(const std::string& what) {
  return {ErrorCode::conflict, what + " cannot be restarted by itself; restart the server: the store has the truth"};
}

}  // namespace

void NodeGateway::actors(const Caller& caller, int jobs, Reply<ActorView> reply) {
  if (node_.health.stopping) return reply(Error{ErrorCode::not_ready, "the server is stopping", true, {}});
  const auto inquiry = std::make_shared<Inquiry>(node_, answered_in_any_case(node_.health, std::move(reply)));
  inquiry->limit(node_.clock.now() + kAnswerTime);
  inquiry->add(named(kRoot, "node"), "");
  std::size_t number = 0;
  for (const Persistence& writer : actors_.persistence) {
    const WriterHealth& health = node_.health.writers.at(number);
    ActorView view = describe_writer(health, number, node_.clock.monotonic());
    caf::anon_send(writer.actor, Probe{inquiry->await_answer(std::move(view), kRoot)});
    ++number;
  }
  caf::anon_send(actors_.completion, Probe{inquiry->await_answer(named("completion", "completion"), kRoot)});
  caf::anon_send(actors_.timer, Probe{inquiry->await_answer(named("timer", "timer"), kRoot)});
  caf::anon_send(actors_.schedules, Probe{inquiry->await_answer(named("schedules", "schedules"), kRoot)});
  caf::anon_send(actors_.broker, Probe{inquiry->await_answer(named("broker", "broker"), kRoot)});
  for (const WorkerKeeper::Kept& worker : actors_.workers->list()) {
    if (worker.actor)
      caf::anon_send(worker.actor, Probe{inquiry->await_answer(worker.view, kRoot)});
    else
      inquiry->add(worker.view, kRoot);
  }
  // Whose jobs they are is nobody's business who has a credential of one client.
  const std::size_t sample = caller.client_id ? 0 : static_cast<std::size_t>(std::max(0, jobs));
  caf::anon_send(actors_.supervisor, Probe{inquiry->await_answer(named("supervisor", "supervisor"), kRoot), sample});
  inquiry->await();
}

void NodeGateway::record_restart(const Caller& caller, const std::string& id, Reply<Done> reply,
                                 std::function<void()> done) {
  if (auto error = unavailable()) return reply(*std::move(error));
  auto persist = std::make_shared<Persist>();
  persist->records = {{"actor.restarted", {{"actor", id}}, std::nullopt}};
  persist->frame.actor = caller.name;
  persist->frame.node = node_.node_name;
  persist->shard = shard_of(options_.slots.front());
  persist->is_accept = true;
  persist->done = [reply, done = std::move(done)](Persisted persisted) {
    if (persisted.verdict != Persisted::Verdict::committed) return reply(persisted.error);
    done();
    reply(Done{});
  };
  actors_.persistence.commit(node_, persist);
}

void NodeGateway::restart_actor(const Caller& caller, std::string id, Reply<Done> reply) {
  const std::size_t colon = id.find(':');
  const std::string kind = id.substr(0, colon), name = colon == std::string::npos ? "" : id.substr(colon + 1);
  if (kind == "worker") {
    const auto workers = actors_.workers->list();
    if (std::ranges::none_of(workers, [&](const WorkerKeeper::Kept& one) { return one.view.id == id; }))
      return reply(Error{ErrorCode::not_found, "there is no worker " + name});
    return record_restart(caller, id, std::move(reply),
                          [workers = actors_.workers, name] { (void)workers->restart(name); });
  }
  if (kind == "job") {
    const auto job = parse_id<JobId>(name);
    if (!job) return reply(Error{ErrorCode::not_found, "job: is followed by the UUID of a job"});
    reply = answered_in_any_case(node_.health, std::move(reply));
    const bool queued = node_.blocking.run([this, caller, id, job = *job, reply] {
      const auto row = find_job(caller, JobRef{job, "", {}});
      if (!row) return reply(row.error());
      if (has_ended(row->status)) return reply(ended_error(row->status));
      record_restart(caller, id, reply,
                     [supervisor = actors_.supervisor, job] { caf::anon_send(supervisor, RestartJob{job}); });
    });
    if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
    return;
  }
  if (kind == "run") return reply(not_alone("a run"));
  for (const char* other : {"node", "persistence", "completion", "timer", "schedules", "broker", "supervisor"})
    if (kind == other) return reply(not_alone("the " + kind));
  reply(Error{ErrorCode::not_found, "there is no actor " + id});
}

}  // namespace troupe
