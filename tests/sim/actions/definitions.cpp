// New versions of workflows while jobs of the old ones run; workflows that are disabled for a while.
#include "sim/actions/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void apply(World& world) {
  const std::string definition = draw_workflow(workflow_key(world.dice().number(kWorkflows)), world.dice());
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.apply_workflow(caller, definition, std::nullopt, {}, [done](const Result<AppliedWorkflow>&) { done(); });
  });
}

void set_disabled(World& world, const std::string& key, bool disabled) {
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.set_workflow_disabled(caller, key, disabled, [&world, key, done](const Result<WorkflowView>& set) {
      if (set && set->disabled) world.tell([&](Checker& checker) { checker.disabled(key); });
      done();
    });
  });
}

void disable(World& world) {
  const std::string key = workflow_key(world.dice().number(kWorkflows));
  set_disabled(world, key, true);
  world.after(world.dice().skewed(Millis(2'000)), [&world, key] { set_disabled(world, key, false); });
}

}  // namespace

const Action kApply{"apply", 5, false, apply};
const Action kDisable{"disable", 1, false, disable};

}  // namespace troupe::sim
