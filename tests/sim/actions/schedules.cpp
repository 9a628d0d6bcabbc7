// People make schedules, which begin a job each minute, and remove them.
#include "sim/actions/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void remove(World& world, const std::string& id) {
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.delete_schedule(caller, id, [done](const Result<Done>&) { done(); });
  });
}

void put(World& world) {
  static const std::vector<MissedRuns> kMissed = {MissedRuns::skip, MissedRuns::once, MissedRuns::all, MissedRuns::all};
  Dice& dice = world.dice();
  PutSchedule command;
  command.wanted.id = "schedule-" + std::to_string(dice.number(4));
  command.wanted.client_id = "client-" + std::to_string(dice.number(4));
  command.wanted.workflow_key = workflow_key(dice.number(kWorkflows));
  command.wanted.cron = "* * * * *";
  command.wanted.missed_runs = dice.one_of(kMissed);
  command.wanted.inputs = Document(R"({"yes":true,"no":false,"wait":"10s","list":[1,2]})");
  command.replace = dice.chance(50);
  if (dice.chance(15)) command.enabled = dice.chance(50);
  world.saw("schedule put");
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.put_schedule(caller, command, {}, [done](const Result<ScheduleChange>&) { done(); });
  });
}

void remove_one(World& world) {
  if (!world.jobs().schedules().empty()) remove(world, *world.jobs().schedules().begin());
}

std::string some_schedule(World& world) { return "schedule-" + std::to_string(world.dice().number(4)); }

void set_enabled(World& world, const std::string& id, bool enabled) {
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.set_schedule_enabled(caller, id, enabled, [done](const Result<ScheduleView>&) { done(); });
  });
}

/// For a while.
void disable(World& world) {
  const std::string id = some_schedule(world);
  set_enabled(world, id, false);
  world.after(world.dice().between(Millis(0), Millis(120'000)), [&world, id] { set_enabled(world, id, true); });
}

/// Begins its job now, beside those of its times.
void trigger(World& world) {
  const std::string id = some_schedule(world);
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.trigger_schedule(caller, id, std::nullopt, {}, [&world, done](const Result<AcceptedJob>& accepted) {
      if (accepted && world.jobs().find(accepted->id) == nullptr)
        world.violated("a job of a schedule that is told to be accepted is durable", to_string(accepted->id));
      if (accepted) world.saw("schedule triggered");
      done();
    });
  });
}

}  // namespace

void remove_schedules(World& world) {
  for (const std::string& id : world.jobs().schedules()) remove(world, id);
}

const Action kSchedule{"put a schedule", 2, false, put};
const Action kUnschedule{"remove a schedule", 1, false, remove_one};
const Action kSwitchSchedule{"disable a schedule", 1, false, disable};
const Action kTrigger{"trigger a schedule", 1, false, trigger};

}  // namespace troupe::sim
