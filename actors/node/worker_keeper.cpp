#include "actors/node/worker_keeper.hpp"

#include <algorithm>
#include <utility>

#include "actors/timer/timers.hpp"

namespace troupe {

WorkerKeeper::WorkerKeeper(NodeContext& node, caf::actor_system& system, BrokerActor broker)
    : node_(node), system_(system), broker_(std::move(broker)) {}

WorkerActor WorkerKeeper::spawn(Worker& worker) {
  worker.actor = system_.spawn(worker_actor, &node_, broker_, worker.options);
  worker.condition = ActorCondition::running;
  worker.next_start_at = kNever;
  ++worker.turn;
  node_.metrics.worker_up(worker.options.name, true);
  return worker.actor;
}

void WorkerKeeper::watch(std::size_t index, const WorkerActor& actor) {
  actor->attach_functor([me = weak_from_this(), index, address = actor.address()](const caf::error& reason) {
    if (const auto keeper = me.lock()) keeper->died(index, address, reason);
  });
}

void WorkerKeeper::start(const WorkerOptions& worker) {
  std::size_t index = 0;
  WorkerActor actor;
  {
    const std::lock_guard lock(mutex_);
    index = workers_.size();
    actor = spawn(workers_.emplace_back(Worker{.options = worker}));
  }
  watch(index, actor);
}

void WorkerKeeper::died(std::size_t index, const caf::actor_addr& actor, const caf::error& reason) {
  const std::lock_guard lock(mutex_);
  Worker& worker = workers_[index];
  if (stopped_ || worker.actor.address() != actor) return;  // another one is there in its place
  const Timestamp now = node_.clock.now();
  const RestartBudget::Verdict verdict = worker.budget.died(now);
  worker.actor = WorkerActor();
  worker.condition = verdict.given_up ? ActorCondition::given_up : ActorCondition::restarting;
  worker.last_error = system_.render(reason);
  worker.failed_at = now;
  worker.next_start_at = now + verdict.pause;
  node_.metrics.worker_up(worker.options.name, false);
  node_.log.write(log::Level::error,
                  verdict.given_up ? "a worker dies again and again; its steps wait until it is tried again"
                                   : "a worker died; it is started again",
                  {{"worker", worker.options.name},
                   {"error", worker.last_error},
                   {"restarts", worker.budget.in_window(now)},
                   {"next_start_at", format_rfc3339(worker.next_start_at)}});
  node_.timers.call_at(worker.next_start_at, [me = weak_from_this(), index, turn = worker.turn] {
    if (const auto keeper = me.lock()) keeper->start_again(index, turn);
  });
}

void WorkerKeeper::start_again(std::size_t index, std::uint64_t turn) {
  WorkerActor actor;
  {
    const std::lock_guard lock(mutex_);
    Worker& worker = workers_[index];
    if (stopped_ || worker.turn != turn) return;
    ++worker.restarts;
    node_.metrics.actor_restarted("worker:" + worker.options.name);
    actor = spawn(worker);
  }
  watch(index, actor);
}

WorkerKeeper::Worker* WorkerKeeper::find(const std::string& name) {
  const auto found = std::ranges::find_if(workers_, [&](const Worker& one) { return one.options.name == name; });
  return found == workers_.end() ? nullptr : &*found;
}

bool WorkerKeeper::restart(const std::string& name) {
  WorkerActor before, actor;
  std::size_t index = 0;
  {
    const std::lock_guard lock(mutex_);
    Worker* worker = find(name);
    if (worker == nullptr) return false;
    if (stopped_) return true;
    index = static_cast<std::size_t>(worker - workers_.data());
    before = worker->actor;
    // The broker first: one that is stuck would not tell it that it has gone.
    if (before) caf::anon_send(broker_, RetireWorker{before});
    ++worker->restarts;
    node_.metrics.actor_restarted("worker:" + worker->options.name);
    actor = spawn(*worker);
  }
  watch(index, actor);
  // Before what the broker has assigned to it, which counts as lost: its runs may have ended when it comes to that.
  if (before)
    caf::anon_send<caf::message_priority::high>(caf::actor_cast<caf::actor>(before),
                                                caf::exit_msg{before.address(), caf::exit_reason::kill});
  return true;
}

void WorkerKeeper::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (Worker& worker : workers_) {
    if (worker.actor) caf::anon_send_exit(worker.actor, caf::exit_reason::user_shutdown);
    worker.actor = WorkerActor();
    worker.options.executors.clear();
  }
  broker_ = BrokerActor();
}

std::vector<WorkerKeeper::Kept> WorkerKeeper::list() {
  const std::lock_guard lock(mutex_);
  std::vector<Kept> all;
  for (Worker& worker : workers_) {
    Kept& kept = all.emplace_back(Kept{worker.actor, {}});
    kept.view.id = "worker:" + worker.options.name;
    kept.view.kind = "worker";
    kept.view.condition = worker.condition;
    kept.view.restarts = worker.restarts;
    kept.view.restarts_in_window = worker.budget.in_window(node_.clock.now());
    kept.view.last_error = worker.last_error;
    kept.view.failed_at = worker.failed_at;
    kept.view.next_start_at = worker.next_start_at;
    kept.view.slots = worker.options.slots;
  }
  return all;
}

std::vector<std::string> WorkerKeeper::warnings() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const Worker& worker : workers_)
    if (worker.condition == ActorCondition::given_up)
      all.push_back("the worker " + worker.options.name +
                    " dies again and again: its steps wait until it is tried at " +
                    format_rfc3339(worker.next_start_at));
  return all;
}

}  // namespace troupe
