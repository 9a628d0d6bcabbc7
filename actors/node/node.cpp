#include "actors/node/node.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include "actors/broker/broker_actor.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/node/scheduler.hpp"
#include "actors/persistence/completion_actor.hpp"
#include "actors/persistence/persistence_actor.hpp"
#include "actors/run/run_change.hpp"
#include "actors/schedule/schedule_actor.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "actors/timer/timer_actor.hpp"
#include "actors/timer/timers.hpp"

namespace troupe {
namespace {

constexpr std::size_t kRecoveryRows = 500;
constexpr std::size_t kToldAtOnce = 4;
constexpr Millis kRecoveryPause{1'000};  // when the store cannot be read

/// Waits for a call; false when the time is over.
class Signal {
 public:
  std::function<void()> setter() {
    return [promise = promise_] { promise->set_value(); };
  }
  bool wait(Millis time) { return future_.wait_for(time) == std::future_status::ready; }

 private:
  std::shared_ptr<std::promise<void>> promise_ = std::make_shared<std::promise<void>>();
  std::future<void> future_ = promise_->get_future();
};

}  // namespace

Node::Node(NodePorts ports, NodeOptions options)
    : options_(std::move(options)),
      workflows_(ports.reader, options_.gateway.is_quick_expression, options_.old_version_bytes),
      gate_(options_.fair_rules, ports.clock,
            [this](const std::string& workflow) {
              const CatalogEntryPtr newest = workflows_.newest_usable(workflow);
              return newest ? newest->workflow.concurrency_limit : 0;
            }),
      switches_(ports.metrics) {
  using caf::atom;
  const std::size_t cores = std::max<std::size_t>(2, std::thread::hardware_concurrency());
  if (options_.testing)
    config_.set("scheduler.policy", atom("testing"));
  else
    config_.load<NodeScheduler>();
  config_.set("scheduler.max-threads", options_.scheduler_threads == 0 ? cores : options_.scheduler_threads);
  config_.set("scheduler.max-throughput", 50);
  system_ = std::make_unique<caf::actor_system>(config_);
  blocking_ = std::make_unique<BlockingPool>(options_.blocking_threads, options_.blocking_queue, options_.run_blocking);
  blocking_->on_fault([&log = ports.log](const char* what) {
    log.write(log::Level::error, "what was to be read or loaded has crashed", {{"error", what}});
  });
  context_ = std::make_unique<NodeContext>(
      NodeContext{options_.name, ports.clock, ports.random, ports.blobs, ports.evaluators, ports.metrics, ports.log,
                  ports.reader, *blocking_, events_, board_, forecast_, timers_, workflows_, switches_, health_,
                  options_.fair_rules, gate_, options_.secrets});
}

Result<std::unique_ptr<Node>> Node::start(NodePorts ports, Writers writers, NodeOptions options) {
  std::unique_ptr<Node> node(new Node(ports, std::move(options)));
  if (auto begun = node->begin(std::move(writers)); !begun) return begun.error();
  return node;
}

Result<Done> Node::begin(Writers writers) {
  auto committers = make_committers(std::move(writers));
  if (!committers) return committers.error();
  if (auto loaded = switches_.load(context_->reader); !loaded) {
    Error error = loaded.error();
    error.message = "the kill switches cannot be read: " + error.message;
    return error;
  }
  if (auto loaded = workflows_.load_all(); !loaded) return loaded.error();
  for (const WorkflowCatalog::Unusable& left_out : workflows_.unusable())
    context_->log.write(log::Level::error, "a workflow cannot be used; apply a new version of it",
                        {{"workflow", left_out.key},
                         {"version", std::to_string(left_out.version)},
                         {"error", left_out.fault->message}});
  const auto schedules = load_schedules(context_->reader, context_->log);
  if (!schedules) return schedules.error();
  // Jobs that are accepted from now on are not recovery's business: their ids are greater than this one. So are those
  // of open jobs, if the clock was ahead when they were made: what is there already counts, whatever the clock says.
  JobQuery newest;
  newest.limit = 1;
  const auto rows = context_->reader.jobs(newest);
  if (!rows) return rows.error();
  JobId before = IdFactory(context_->clock, context_->random).make<JobId>(0);
  if (!rows->empty()) before = std::max(before, rows->front().id);
  spawn_actors(*std::move(committers));
  gateway_ = std::make_unique<NodeGateway>(*context_, actors_, options_.gateway);
  children_ = std::make_shared<ChildExecutor>(
      *context_, *gateway_, [this](std::function<void()> function) { system_->spawn(std::move(function)); });
  actors_.workers->start({"workflow", limits::kJobsInFlight, {{StepType::workflow, children_}}, /*stops_late=*/true});
  spawn_schedules(*schedules);
  guard();

  // What was being ended when the process before this one did.
  for (const KillSwitch& kill_switch : switches_.list())
    if (kill_switch.mode == SwitchMode::kill)
      caf::anon_send(actors_.supervisor, SwitchesChanged{std::make_shared<const KillSwitch>(kill_switch)});

  shards_to_recover_ = options_.shards.size();
  blocking_->run_always([this, before] {
    for (ShardId shard : options_.shards) recover_shard(shard, JobId{}, before);
  });
  if (options_.retention.period > Millis(0)) {
    sweeper_ = std::make_unique<RetentionSweeper>(
        RetentionSweeper::Ports{context_->reader, context_->blobs, context_->clock, context_->log, options_.name,
                                [this](const PersistPtr& change) { return commit_and_wait(change); },
                                [this](const JobRow& job) -> Result<Millis> {
                                  const auto found = workflows_.load(job.workflow_key, job.workflow_version);
                                  if (!found) return found.error();
                                  return found->entry->workflow.retention;
                                },
                                [this] { return workflows_.shortest_retention(); },
                                [this] { return health_.stopping.load(); }},
        options_.shards, options_.retention);
    sweep_later();
  }
  return Done{};
}

void Node::sweep_later() {
  timers_.call_at(context_->clock.now() + options_.retention.period, [this] {
    blocking_->run_always([this] {
      const std::shared_ptr<void> again(nullptr, [this](void*) { sweep_later(); });  // whatever becomes of this one
      sweeper_->sweep();
    });
  });
}

Result<Done> Node::commit_and_wait(const PersistPtr& change) {
  constexpr std::chrono::milliseconds kLook{100};  // whether the node stops: then nobody may answer any more
  constexpr std::chrono::steady_clock::duration kPauseMax{std::chrono::seconds(1)};
  const auto begin = std::chrono::steady_clock::now();
  const auto promise = std::make_shared<std::promise<Persisted>>();
  auto answer = promise->get_future();
  change->done = [promise](Persisted persisted) { promise->set_value(std::move(persisted)); };
  actors_.persistence.commit(*context_, change);
  while (answer.wait_for(kLook) != std::future_status::ready)
    if (health_.stopping) return Error{ErrorCode::not_ready, "the node stops", true, {}};
  const Persisted persisted = answer.get();
  // Nobody waits for these changes: between two, others have their turn.
  std::this_thread::sleep_for(std::min(std::chrono::steady_clock::now() - begin, kPauseMax));
  if (persisted.verdict == Persisted::Verdict::committed) return Done{};
  return persisted.error;
}

Result<std::vector<std::unique_ptr<Committer>>> Node::make_committers(Writers writers) {
  const auto hand_over = [this](std::vector<Completion> changes) {
    // A few are told of right here, in less time than it takes to wake another thread.
    if (changes.size() <= kToldAtOnce) return complete(changes);
    caf::anon_send(completion_, std::make_shared<Completions>(Completions{std::move(changes), {}}));
  };
  const auto before = context_->reader.shards();
  if (!before) return before.error();
  std::vector<std::unique_ptr<Committer>> committers;
  options_.gateway.slots.clear();
  for (std::size_t i = 0; i < writers.size(); ++i) {
    std::vector<ShardId> shards;
    for (ShardId shard : options_.shards)
      if (writer_of(shard, writers.size()) == i) shards.push_back(shard);
    if (shards.empty()) continue;
    auto& committer = committers.emplace_back(
        std::make_unique<Committer>(std::move(writers[i]), *context_, health_.writers.at(i), hand_over));
    const auto taken = committer->acquire(shards);
    if (!taken) return taken.error();
    note_handed_back(*before, *taken);
    options_.gateway.slots.push_back(Slot{shards.front()});
  }
  return committers;
}

// The epoch tells that nobody had a shard between the look and the take-over.
void Node::note_handed_back(const std::vector<ShardState>& before, const std::vector<ShardState>& taken) {
  for (const ShardState& then : before)
    for (const ShardState& now : taken)
      if (then.shard == now.shard && then.epoch + 1 == now.epoch && then.owner.empty()) handed_back_.insert(now.shard);
}

void Node::spawn_actors(std::vector<std::unique_ptr<Committer>> committers) {
  completion_ = system_->spawn(completion_actor);
  std::vector<Persistence> persistence;
  for (auto& committer : committers) {
    auto handed_over = std::make_shared<std::unique_ptr<Committer>>(std::move(committer));
    const auto queue = std::make_shared<ChangeQueue>();
    const PersistenceActor actor =
        options_.testing
            ? system_->spawn(persistence_actor, handed_over, queue, completion_, context_.get())
            : system_->spawn<caf::detached>(persistence_actor, handed_over, queue, completion_, context_.get());
    persistence.push_back({actor, queue});
  }
  actors_.persistence = PersistenceActors(std::move(persistence));
  actors_.completion = completion_;
  actors_.timer = system_->spawn(timer_actor, context_.get());
  timers_.on_earlier([timer = actors_.timer] { caf::anon_send(timer, EarlierTimer{}); });
  actors_.broker = system_->spawn(broker_actor, context_.get());
  actors_.supervisor = system_->spawn(supervisor_actor, context_.get(), &actors_, options_.shards);
  caf::anon_send(actors_.supervisor, ScanParked{});  // from here, so that whoever it spawns finds all actors in place
  actors_.workers = std::make_shared<WorkerKeeper>(*context_, *system_, actors_.broker);
  for (const WorkerOptions& worker : options_.workers) actors_.workers->start(worker);
}

void Node::spawn_schedules(const std::vector<Schedule>& schedules) {
  SchedulePorts ports;
  ports.submit = [this](const Caller& caller, SubmitJob job, NodeGateway::ExtendChange extend,
                        Reply<AcceptedJob> reply) {
    gateway_->submit_extended(caller, std::move(job), std::move(extend), std::move(reply));
  };
  ports.commit = [this](PersistPtr change) { actors_.persistence.commit(*context_, std::move(change)); };
  ports.time_zone = options_.time_zone;
  ports.shard = shard_of(options_.gateway.slots.front());
  actors_.schedules = system_->spawn(schedule_actor, context_.get(), ports, schedules);
}

void Node::begin_schedules() { caf::anon_send(actors_.schedules, BeginSchedules{}); }

void Node::guard() {
  const auto watch = [this](const auto& actor, const char* name) {
    actor->attach_functor([this, name](const caf::error& reason) {
      if (!reason || health_.stopping || !options_.failed) return;
      options_.failed(std::string(name) + " failed: " + system_->render(reason));
    });
  };
  for (const Persistence& writer : actors_.persistence) watch(writer.actor, "persistence");
  watch(completion_, "completion");
  watch(actors_.timer, "timer");
  watch(actors_.broker, "broker");
  watch(actors_.schedules, "schedules");
  watch(actors_.supervisor, "supervisor");
}

void Node::recover_shard(ShardId shard, JobId after, const JobId& before) {
  std::size_t taken_over = 0;
  const auto go_on_later = [&](const JobId& last, const Error& error) {
    context_->log.write(log::Level::error, "open jobs could not be read; it will be tried again",
                        {{"shard", shard}, {"error", error.message}});
    timers_.call_at(context_->clock.now() + kRecoveryPause, [this, shard, last, before] {
      blocking_->run_always([=, this] { recover_shard(shard, last, before); });
    });
  };
  // Persistence hears of them first: it must not hear that one has ended before it knows that it was open.
  const auto adopt = [&](OpenJobsFound found, const std::vector<RunSeedPtr>& seeds) {
    actors_.persistence.tell(std::move(found));
    for (const RunSeedPtr& seed : seeds) caf::anon_send(actors_.supervisor, AdoptJob{seed});
  };
  for (bool more = true; more;) {
    const auto rows = context_->reader.open_jobs(shard, after, kRecoveryRows);
    if (!rows) return go_on_later(after, rows.error());
    more = rows->size() == kRecoveryRows;
    OpenJobsFound found{shard, {}, false};
    std::vector<RunSeedPtr> seeds;
    for (const JobRow& row : *rows) {
      if (row.id > before) {
        more = false;
        break;
      }
      auto seed = load_run(*context_, row, /*recover=*/true, /*parked=*/false);
      if (!seed && seed.error().retryable) {
        adopt(std::move(found), seeds);
        return go_on_later(after, seed.error());
      }
      after = row.id;
      found.jobs.push_back(row.id);
      if (seed) {
        (*seed)->handed_back = handed_back_.contains(shard);
        seeds.push_back(*seed);
        ++taken_over;
      } else {
        context_->log.write(log::Level::error, "an open job could not be loaded",
                            {{"job", to_string(row.id)}, {"error", seed.error().message}});
      }
    }
    found.complete = !more;
    adopt(std::move(found), seeds);
  }
  if (--shards_to_recover_ == 0) caf::anon_send(actors_.supervisor, AllAdopted{});
  if (taken_over > 0)
    context_->log.write(log::Level::info, "took over open jobs",
                        {{"shard", std::to_string(shard)}, {"jobs", std::to_string(taken_over)}});
}

void Node::wait_for_work(Millis grace) {
  const auto wait = [this](const std::function<bool(Millis)>& came, Millis time) {
    return options_.wait ? options_.wait(came, time) : came(time);
  };
  Signal idle;
  const auto idle_came = [&idle](Millis time) { return idle.wait(time); };
  caf::anon_send(actors_.broker, StopAssigning{idle.setter()});
  bool is_idle = wait(idle_came, grace);
  if (!is_idle) {
    if (grace > Millis(0))
      context_->log.write(log::Level::info, "the grace is over; tasks still running are handed back", {});
    caf::anon_send(actors_.broker, StopAllTasks{});
    is_idle = wait(idle_came, limits::kStopDeadline);
  }
  is_idle &= wait([this](Millis time) { return health_.outcomes.wait_for_none(time); }, limits::kStopDeadline);
  gateway_->end_waits();
  for (const Persistence& writer : actors_.persistence) {
    Signal drained;
    caf::anon_send(writer.actor, Drain{drained.setter(), /*release=*/is_idle});
    (void)wait([&drained](Millis time) { return drained.wait(time); }, limits::kStopDeadline);
  }
}

void Node::stop(Millis grace) {
  if (std::exchange(stopped_, true) || !gateway_) return;  // without a gateway it has not begun
  health_.stopping = true;
  children_->let_go();
  if (!options_.testing || options_.wait) wait_for_work(grace);
  caf::anon_send(actors_.schedules, Rest{});
  caf::anon_send(actors_.supervisor, Rest{});
  // The broker before the workers: it must not report as lost what they still hold.
  caf::anon_send_exit(actors_.broker, caf::exit_reason::user_shutdown);
  actors_.workers->stop();
  caf::anon_send_exit(actors_.timer, caf::exit_reason::user_shutdown);
  for (const Persistence& writer : actors_.persistence)
    caf::anon_send_exit(writer.actor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(completion_, caf::exit_reason::user_shutdown);
  if (options_.testing) return;
  system_->await_all_actors_done();
  options_.workers.clear();
}

Node::~Node() {
  stop(Millis(0));
  blocking_.reset();
  children_.reset();
  gateway_.reset();
  completion_ = CompletionActor();
  timers_.clear();
  actors_ = {};
}

}  // namespace troupe
