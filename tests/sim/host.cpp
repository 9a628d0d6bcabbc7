#include "sim/host.hpp"

#include <deque>
#include <unordered_map>

#include <caf/scheduler/test_coordinator.hpp>

#include "actors/broker/broker_actor.hpp"
#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/node/node.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "expr/expr.hpp"
#include "sim/clock.hpp"
#include "sim/sim_executor.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"
#include "support/silent_ports.hpp"

namespace troupe::sim {
namespace {

class MachineRandom final : public Random {
 public:
  explicit MachineRandom(Dice dice) : dice_(dice) {}
  std::uint64_t next() override { return dice_.next(); }

 private:
  Dice dice_;
};

/// The log of a node goes into the trace.
class TraceLog final : public Log {
 public:
  TraceLog(World& world, LifePtr life) : world_(world), life_(std::move(life)) {}
  void write(log::Level level, std::string_view message, log::Fields fields) override {
    if (level < log::Level::warning) return;
    std::string text(message);
    for (const log::Field& field : fields)
      if (const auto* value = std::get_if<std::string_view>(&field.value.get())) {
        text += ", ";
        text += *value;
      }
    world_.trace(life_->name(), " logs: ", text);
  }

 private:
  World& world_;
  const LifePtr life_;
};

/// Now and then its file cannot be read.
class SimSecrets final : public troupe::Secrets {
 public:
  explicit SimSecrets(World& world) : world_(world) {}
  Result<std::string> resolve(std::string_view name) override {
    if (world_.has_faults() && world_.dice().chance(1)) return {ErrorCode::io_failed, "cannot be read now", true};
    if (name == "TOKEN") return std::string(kSecretValue);
    return {ErrorCode::unknown_secret, "the server has no secret " + std::string(name)};
  }

 private:
  World& world_;
};

constexpr std::size_t kShards = 4;
constexpr Millis kEndsWithin{10'000};  // its actors, when they have nothing left to do

template <class State, class Actor>
const State& state_of(const Actor& actor) {
  using Stateful = caf::stateful_actor<State, typename Actor::base>;
  return dynamic_cast<const Stateful&>(*caf::actor_cast<caf::abstract_actor*>(actor)).state;
}

}  // namespace

struct Host::Parts {
  Parts(World& world, const LifePtr& life)
      : clock(world.now(), life),
        random(world.dice().fork()),
        log(world, life),
        secrets(world),
        reader(world.store().reader(life)),
        blobs(world.store().blobs(life)) {}

  caf::scheduler::test_coordinator& coordinator() const {
    return dynamic_cast<caf::scheduler::test_coordinator&>(node->system().scheduler());
  }

  MachineClock clock;
  MachineRandom random;
  TraceLog log;
  SimSecrets secrets;
  test::SilentMetrics metrics;
  std::unique_ptr<StoreReader> reader;
  std::unique_ptr<BlobStore> blobs;
  std::unique_ptr<EvaluatorFactory> evaluators = make_evaluator_factory();
  std::vector<std::shared_ptr<SimExecutor>> executors;
  std::deque<BlockingPool::Function> blocking;
  std::unique_ptr<Node> node;
  std::vector<std::shared_ptr<std::unique_ptr<Subscription>>> subscriptions;  ///< dropped before the node
  std::size_t standing_actors = 0;
};

Host::Host(World& world, LifePtr life, Size size)
    : world_(world), life_(std::move(life)), size_(size), parts_(std::make_unique<Parts>(world, life_)) {}

bool Host::start() {
  NodeOptions options;
  options.name = life_->name();
  for (ShardId shard = 0; shard < kShards; ++shard) options.shards.push_back(shard);
  options.blocking_threads = 0;
  options.run_blocking = [blocking = &parts_->blocking](BlockingPool::Function function) {
    blocking->push_back(std::move(function));
  };
  options.secrets = &parts_->secrets;
  options.testing = true;
  options.wait = [this](const std::function<bool(Millis)>& came, Millis time) {
    return world_.go_on_until([&] { return life_->dead || came(Millis(0)); }, time);
  };
  options.gateway.check_expression = check_expression;
  options.gateway.is_quick_expression = is_quick;
  options.gateway.evaluate = evaluate;
  options.gateway.client_rates = world_.client_rates();
  auto fair = std::make_shared<FairRules>();
  fair->weights["client-0"] = static_cast<std::uint32_t>(1 + world_.dice().number(5));
  options.fair_rules = std::move(fair);
  options.gateway.runs_live_max = size_.live_max;
  options.failed = [this](const std::string& why) {
    if (!life_->dead) world_.violated("no actor of the node fails", why);
  };
  const auto add_worker = [&](const char* name, const std::vector<StepType>& types) {
    auto executor = std::make_shared<SimExecutor>(world_, life_, name);
    parts_->executors.push_back(executor);
    WorkerOptions worker{name, size_.slots, {}};
    for (const StepType type : types) worker.executors[type] = executor;
    options.workers.push_back(std::move(worker));
  };
  add_worker("inner", {StepType::noop, StepType::transform, StepType::generate});
  add_worker("outer", {StepType::http, StepType::exec});
  add_worker("other", {StepType::http, StepType::exec});

  Node::Writers writers;
  for (std::size_t i = 0; i < size_.writers; ++i) writers.push_back(world_.store().writer(life_));
  auto started = Node::start({parts_->clock, parts_->random, *parts_->reader, *parts_->blobs, *parts_->evaluators,
                              parts_->metrics, parts_->log},
                             std::move(writers), options);
  if (!started) {
    world_.trace(life_->name(), " does not come up: ", started.error().message);
    return false;
  }
  parts_->node = *std::move(started);
  parts_->node->begin_schedules();
  parts_->standing_actors = parts_->node->system().registry().running();
  return true;
}

void Host::stop(Millis grace) {
  parts_->node->stop(grace);
  const auto has_ended = [this] {
    return life_->dead || (parts_->node->system().registry().running() == 0 && parts_->blocking.empty());
  };
  if (!world_.go_on_until(has_ended, kEndsWithin)) world_.violated("a node that is stopped ends", life_->name());
}

// Nothing it does from now on has an effect (its Life is dead), so it may as well end in
// order, which shows whether all its actors can.
void Host::tear_down() {
  if (!parts_->node) return;
  parts_->subscriptions.clear();
  for (const auto& executor : parts_->executors) executor->lose_all();
  parts_->node->stop(Millis(0));
  dynamic_cast<NodeGateway&>(parts_->node->gateway()).end_waits();
  auto& coordinator = parts_->coordinator();
  while (coordinator.run() > 0 || !parts_->blocking.empty())
    for (const auto& function : std::exchange(parts_->blocking, {})) function();
  const std::size_t left = parts_->node->system().registry().running();
  if (left == 0) return parts_->node.reset();
  world_.violated("no actor outlives its node", std::to_string(left) + " of " + life_->name());
  (void)parts_.release();  // NOLINT: destroying the actor system would wait for them for ever
}

Host::~Host() = default;

bool Host::is_up() const { return parts_->node != nullptr && !life_->dead; }

Gateway& Host::gateway() { return parts_->node->gateway(); }

void Host::keep(std::shared_ptr<std::unique_ptr<Subscription>> subscription) {
  std::erase_if(parts_->subscriptions, [](const auto& kept) { return *kept == nullptr; });
  parts_->subscriptions.push_back(std::move(subscription));
}

std::size_t Host::ready() const { return is_up() ? parts_->coordinator().jobs.size() + parts_->blocking.size() : 0; }

void Host::go_on(std::size_t which) {
  auto& coordinator = parts_->coordinator();
  auto& jobs = coordinator.jobs;
  if (which < jobs.size()) {
    std::swap(jobs.front(), jobs[which]);
    if (const auto* actor = dynamic_cast<caf::local_actor*>(jobs.front()))
      world_.trace(life_->name(), " runs ", actor->name(), " ", actor->id());
    coordinator.run_once();
    return;
  }
  const auto place = parts_->blocking.begin() + static_cast<std::ptrdiff_t>(which - jobs.size());
  const BlockingPool::Function function = std::move(*place);
  parts_->blocking.erase(place);
  world_.trace(life_->name(), " calls");
  function();
}

std::optional<Millis> Host::until_timeout() const {
  if (!is_up()) return std::nullopt;
  const auto& clock = parts_->coordinator().clock();
  if (clock.schedule().empty()) return std::nullopt;
  return std::max(Millis(0), std::chrono::ceil<Millis>(clock.schedule().begin()->first - clock.current_time));
}

void Host::pass(Millis time) {
  if (is_up() && time > Millis(0)) parts_->coordinator().advance_time(time);
}

void Host::heal() {
  for (const auto& executor : parts_->executors) executor->heal();
}

Census Host::census() const {
  Census census;
  Node& node = *parts_->node;
  const auto& broker = state_of<BrokerState>(node.actors().broker);
  for (const auto& entry : broker.workers) {
    census.slots_busy += entry.busy;
    census.at_workers += state_of<WorkerState>(entry.worker.worker).running.size();
  }
  census.assigned = broker.assigned.size();
  census.queued = broker.queued.size() + broker.stopping.waiting();
  for (const auto& executor : parts_->executors) census.at_executors += executor->busy();
  const auto& supervisor = state_of<SupervisorState>(node.actors().supervisor);
  census.jobs_live = supervisor.live.size();
  census.jobs_loading = supervisor.loading.size();
  NodeContext& context = node.context();
  census.timers = context.timers.size();
  census.actors = node.system().registry().running() - parts_->standing_actors;
  census.runs_live = context.health.live.count();
  census.runs_held = context.gate.counts().held;
  census.runs_under_way = context.gate.counts().under_way;
  census.changes_waiting = context.health.changes_waiting;
  census.outcomes_in_flight = !context.health.outcomes.wait_for_none(Millis(0));
  for (const JobId& id : world_.jobs().ids()) {
    census.watched += context.events.watched(id) ? 1 : 0;
    census.on_board += context.board.find(world_.jobs().find(id)->row.run) ? 1 : 0;
  }
  return census;
}

}  // namespace troupe::sim
