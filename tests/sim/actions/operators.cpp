// Operators engage and release kill switches, and restart workers.
#include "sim/actions/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void release(World& world, const KillSwitchId& id) {
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.release_kill_switch(caller, id, [done](const Result<KillSwitch>&) { done(); });
  });
}

/// Mostly not for long; some are forgotten until the end.
void engage(World& world) {
  static const std::vector<std::string> kModes = {"drain", "pause", "kill"};
  KillSwitchDraft draft;
  draft.scope = "workflow";
  draft.target = workflow_key(world.dice().number(kWorkflows));
  draft.mode = world.dice().one_of(kModes);
  draft.reason = "as drawn";
  const bool is_forgotten = world.dice().chance(20);
  const Millis length = world.dice().skewed(Millis(3'000));
  world.saw("kill switch");
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.engage_kill_switch(caller, draft, std::nullopt, {},
                               [&world, done, is_forgotten, length](const Result<EngagedKillSwitch>& engaged) {
                                 done();
                                 if (!engaged || is_forgotten) return;
                                 world.after(length, [&world, id = engaged->kill_switch.id] { release(world, id); });
                               });
  });
}

void restart_worker(World& world) {
  static const std::vector<std::string> kWorkers = {"inner", "outer", "other"};
  Host* node = world.node();
  if (node == nullptr) return;
  const std::string worker = world.dice().one_of(kWorkers);
  world.saw("worker restarted");
  world.tell([&](Checker& checker) { checker.worker_gone(*node->life(), worker); });
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.restart_actor(caller, "worker:" + worker, [done](const Result<Done>&) { done(); });
  });
}

}  // namespace

void release_switches(World& world) {
  Host* node = world.node();
  if (node == nullptr) return;
  for (const KillSwitch& engaged : node->gateway().kill_switches({})) release(world, engaged.id);
}

const Action kSwitch{"engage a kill switch", 2, false, engage};
const Action kRestartWorker{"restart a worker", 2, true, restart_worker};

}  // namespace troupe::sim
