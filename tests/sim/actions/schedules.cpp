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
  world.saw("schedule put");
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.put_schedule(caller, command, {}, [done](const Result<ScheduleChange>&) { done(); });
  });
}

void remove_one(World& world) {
  if (!world.jobs().schedules().empty()) remove(world, *world.jobs().schedules().begin());
}

}  // namespace

void remove_schedules(World& world) {
  for (const std::string& id : world.jobs().schedules()) remove(world, id);
}

const Action kSchedule{"put a schedule", 2, false, put};
const Action kUnschedule{"remove a schedule", 1, false, remove_one};

}  // namespace troupe::sim
