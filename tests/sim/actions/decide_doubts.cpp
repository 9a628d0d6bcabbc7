// People find out what became of attempts in doubt, and decide: once or twice, alike or not, of items in doubt and of
// others, of steps that there are not, of a run that has ended or was followed by another.
#include "sim/actions/all.hpp"
#include "sim/actions/keyed.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void post(World& world, const JobId& job, const ResolveAttempt& wanted, const Key& key) {
  ResolveAttempt command = wanted;
  command.idempotency = key;
  world.clients().ask_change(Ask::resolve, job, {key, {}, {}},
                             [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
                               gateway.resolve(caller, command, render_change, std::move(reply));
                             });
}

struct Doubt {
  StepIndex step;
  ItemIndex item;
};

std::vector<Doubt> doubts_of(const StoredJob& job) {
  std::vector<Doubt> doubts;
  const RunState& state = job.state;
  for (std::size_t i = 0; i < state.steps.size(); ++i)
    for (const LiveItem& item : state.steps[i].live)
      if (item.phase == AttemptPhase::in_doubt) doubts.push_back({static_cast<StepIndex>(i), item.item});
  if (state.compensation && state.compensation->phase == AttemptPhase::in_doubt)
    doubts.push_back({state.compensation_step, state.compensation->item});
  return doubts;
}

ResolveAttempt about(const StoredJob& job, const Doubt& doubt, Dice& dice) {
  ResolveAttempt command;
  command.run = job.row.run;
  command.decision.step = job.workflow->steps.at(doubt.step).name;
  command.decision.item = doubt.item;
  command.decision.resolution = static_cast<Resolution>(dice.number(3));
  if (dice.chance(50)) command.decision.comment = "as drawn";
  if (command.decision.resolution == Resolution::done && dice.chance(50))
    command.decision.outputs = Document("{\"value\":" + std::to_string(dice.number(1'000)) + "}");
  return command;
}

/// Mostly one with something in doubt.
std::optional<JobId> job_in_doubt(World& world) {
  std::optional<JobId> best = world.clients().some_job();
  for (std::size_t more = world.dice().number(40); best && more > 0; --more) {
    if (!doubts_of(*world.jobs().find(*best)).empty()) break;
    best = world.clients().some_job();
  }
  return best;
}

void resolve(World& world) {
  const auto id = job_in_doubt(world);
  if (!id) return;
  Dice& dice = world.dice();
  const StoredJob& job = *world.jobs().find(*id);
  const std::vector<Doubt> doubts = doubts_of(job);
  const Doubt drawn{static_cast<StepIndex>(dice.number(job.workflow->steps.size())), 0};
  ResolveAttempt command = about(job, doubts.empty() ? drawn : dice.one_of(doubts), dice);
  if (dice.chance(30)) command.decision.item.reset();
  if (dice.chance(3)) command.decision.step = "none";
  if (dice.chance(5)) command.run = *job.runs.begin();
  if (!doubts.empty()) world.saw("decision about a doubt");
  ask_with_key(world, [&world, id = *id, command](const Key& key) { post(world, id, command, key); });
  if (!dice.chance(30)) return;
  command.decision.resolution = static_cast<Resolution>(dice.number(3));
  now_or_later(world, [&world, id = *id, command] { post(world, id, command, {}); });
}

}  // namespace

void decide_doubts(World& world) {
  for (const JobId& id : world.jobs().ids()) {
    const StoredJob& job = *world.jobs().find(id);
    if (has_ended(job.row.status)) continue;
    const std::vector<Doubt> doubts = doubts_of(job);
    if (!doubts.empty()) post(world, id, about(job, doubts.front(), world.dice()), {});
  }
}

const Action kResolve{"decide about doubts", 12, false, resolve};

}  // namespace troupe::sim
