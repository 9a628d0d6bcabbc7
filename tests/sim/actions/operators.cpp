// Operators engage and release kill switches, and restart workers.
#include "codec/unavailable.hpp"
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

KillSwitchDraft draw_switch(World& world) {
  Dice& dice = world.dice();
  static const std::vector<std::string> kModes = {"drain", "pause", "kill"};
  KillSwitchDraft draft;
  draft.mode = dice.one_of(kModes);
  draft.reason = "as drawn";
  static const std::vector<std::string> kScopes = {"workflow", "workflow", "workflow", "workflow", "workflow",
                                                   "client",   "client",   "global",   "pool",     "node"};
  draft.scope = dice.one_of(kScopes);
  if (draft.scope == "workflow") draft.target = workflow_key(dice.number(kWorkflows));
  if (draft.scope == "pool") draft.target = kOnlyPool;
  if (draft.scope == "node") draft.target = world.node() == nullptr ? "nowhere" : world.node()->life()->name();
  if (draft.scope == "client") draft.target = "client-" + std::to_string(dice.number(4));
  return draft;
}

/// Mostly not for long; some are forgotten until the end, and some are hardly engaged when the process dies.
void engage(World& world) {
  const KillSwitchDraft draft = draw_switch(world);
  const bool dies = world.has_faults() && world.dice().chance(20);
  const bool is_forgotten = (draft.scope == "workflow" || draft.scope == "client") && (dies || world.dice().chance(20));
  const Millis length = world.dice().skewed(Millis(3'000));
  world.saw("kill switch");
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.engage_kill_switch(caller, draft, std::nullopt, {},
                               [&world, done, dies, is_forgotten, length](const Result<EngagedKillSwitch>& engaged) {
                                 done();
                                 if (!engaged) return;
                                 if (dies && world.node() != nullptr) world.kill(*world.node());
                                 if (is_forgotten) return;
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
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.restart_actor(caller, "worker:" + worker,
                          [&world, life = node->life(), worker, done](const Result<Done>& replaced) {
                            if (replaced) world.tell([&](Checker& checker) { checker.worker_gone(*life, worker); });
                            done();
                          });
  });
}

}  // namespace

void release_switches(World& world) {
  Host* node = world.node();
  if (node == nullptr) return;
  for (const KillSwitch& engaged : node->gateway().kill_switches({})) release(world, engaged.id);
}

const Action kSwitch{"engage a kill switch", 3, false, engage};
const Action kRestartWorker{"restart a worker", 2, true, restart_worker};

}  // namespace troupe::sim
