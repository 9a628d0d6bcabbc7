#include "sim/sim_executor.hpp"

#include <stdexcept>
#include <vector>

#include "sim/workflows.hpp"
#include "sim/world.hpp"
#include "troupe/domain/estimator.hpp"

namespace troupe::sim {
namespace {

constexpr std::size_t kSignsMost = 40;  // of life; then it is silent, if it hangs
constexpr std::size_t kTooManyBytes = limits::kOutputBytes + 100;

TaskOutcome failure(ErrorCode code, bool retryable) { return {Error{code, "as drawn", retryable, {}}, {}}; }

}  // namespace

std::string SimExecutor::indiscretion(const Task& task) {
  return holds_secret(task.config.view()) ? " with " + std::string(kSecretValue) : "";
}

// The value names the attempt, so that a step that is given it shows which one was counted.
TaskOutcome SimExecutor::success(const Task& task) {
  Dice& dice = world_.dice();
  if (task.type == StepType::noop) return {TaskOutputs{Document("{}"), {}}, {}};
  std::string value = task.step + "/" + std::to_string(task.key.item) + "/" + std::to_string(task.key.attempt) + "/" +
                      std::to_string(task.key.epoch);
  if (world_.has_faults() && dice.chance(0.02)) value.append(kTooManyBytes, 'x');
  const std::string echo = indiscretion(task);
  TaskOutcome outcome{TaskOutputs{Document("{\"value\":\"" + value + "\",\"echo\":\"done" + echo + "\"}"), {}}, {}};
  if (dice.chance(0.5)) outcome.log = std::string(limits::kInlineDocumentBytes + 1, 'l') + echo;
  if (dice.chance(5)) outcome.log = "a line" + echo + "\n";
  const bool draws = task.type == StepType::generate ? dice.chance(90) : dice.chance(2);
  for (std::size_t images = draws ? 1 + dice.number(4) : 0; images > 0; --images)
    outcome.result->assets.push_back({"a.png", "image/png", 10, Digest{1}, 64, 64});
  return outcome;
}

TaskOutcome SimExecutor::draw_outcome(const Task& task) {
  Dice& dice = world_.dice();
  if (!world_.has_faults() || dice.chance(88)) return success(task);
  Error error{ErrorCode::http_failed, "as drawn" + indiscretion(task), true, {}};
  if (dice.chance(25)) {
    error.code = ErrorCode::command_failed;
    error.retryable = dice.chance(30);
  } else if (dice.chance(20)) {
    error.retry_after = dice.between(Millis(100), Millis(20'000));
  }
  return {std::move(error), {}};
}

void SimExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  if (life_->dead) return;
  world_.trace(life_->name(), " ", worker_, " begins ", task.step, " of ", task.key.run, " item ", task.key.item,
               " attempt ", task.key.attempt, " epoch ", task.key.epoch, task.key.compensation ? " undoing" : "");
  world_.tell([&](Checker& checker) { checker.task_begins(*life_, worker_, task); });
  Dice& dice = world_.dice();
  if (world_.has_faults() && dice.chance(0.5)) {
    world_.saw("executor threw");
    const TaskOutcome outcome = failure(ErrorCode::executor_failed, true);
    world_.tell([&](Checker& checker) { checker.task_ends(*life_, worker_, task.key, outcome); });
    throw std::runtime_error("as drawn");
  }
  if (is_instant(task.type) && dice.chance(70)) {
    TaskOutcome outcome = draw_outcome(task);
    world_.trace(life_->name(), " ", worker_, " has done at once ", task.step, " of ", task.key.run);
    world_.tell([&](Checker& checker) { checker.task_ends(*life_, worker_, task.key, outcome); });
    return sink->done(std::move(outcome));
  }
  if (dice.chance(10)) sink->progress(0.5, "half" + indiscretion(task));
  const std::uint64_t number = ++numbers_;
  TaskOutcome outcome = draw_outcome(task);
  Work& work = works_[number] = Work{std::move(task), std::move(sink)};
  if (world_.has_faults()) {
    static const std::vector<Obedience> kObedience = {Obedience::at_once, Obedience::at_once, Obedience::late,
                                                      Obedience::ends_anyway, Obedience::never};
    work.obedience = dice.one_of(kObedience);
    work.hangs = dice.chance(2);
    work.twice = dice.chance(3);
  }
  const bool may_give_signs = work.task.type == StepType::exec || work.task.type == StepType::generate;
  if (may_give_signs && dice.chance(30)) give_sign(number, kSignsMost);
  if (work.hangs) return world_.saw("executor hung");
  // At last there may be ten thousand tasks for one slot: seventy items that make a job each, of seventy items.
  const Millis wait = world_.has_faults() ? dice.skewed(Millis(4'000)) : dice.skewed(Millis(20));
  end_later(number, wait, std::move(outcome));
}

void SimExecutor::give_sign(std::uint64_t number, std::size_t left) {
  world_.after(world_.dice().between(Millis(100), Millis(1'000)), [weak = weak_from_this(), number, left] {
    const auto self = weak.lock();
    if (!self || self->life_->dead) return;
    const auto found = self->works_.find(number);
    if (found == self->works_.end()) return;
    found->second.sink->progress(0.5, "at work");
    if (left > 1) self->give_sign(number, left - 1);
  });
}

void SimExecutor::end_later(std::uint64_t number, Millis wait, TaskOutcome outcome) {
  world_.after(wait, [weak = weak_from_this(), number, outcome = std::move(outcome)]() mutable {
    if (const auto self = weak.lock()) self->end(number, std::move(outcome));
  });
}

void SimExecutor::end(std::uint64_t number, TaskOutcome outcome) {
  const auto found = works_.find(number);
  if (life_->dead || found == works_.end()) return;
  const Work work = std::move(found->second);
  works_.erase(found);
  world_.trace(life_->name(), " ", worker_, " ends ", work.task.step, " of ", work.task.key.run, " item ",
               work.task.key.item, " attempt ", work.task.key.attempt, " with ",
               outcome.result ? "success" : code_text(outcome.result.error().code));
  world_.tell([&](Checker& checker) { checker.task_ends(*life_, worker_, work.task.key, outcome); });
  work.sink->done(std::move(outcome));
  if (!work.twice) return;
  world_.saw("executor answered twice");
  work.sink->done(world_.dice().chance(50) ? success(work.task) : failure(ErrorCode::http_failed, true));
}

void SimExecutor::stop(const TaskKey& key) {
  if (life_->dead) return;
  for (auto& [number, work] : works_) {
    if (work.task.key != key || work.stopping) continue;
    work.stopping = true;
    world_.trace(life_->name(), " ", worker_, " is to stop ", work.task.step, " of ", key.run, " item ", key.item);
    world_.tell([&](Checker& checker) { checker.task_is_to_stop(*life_, key); });
    const auto cancelled = [] { return failure(ErrorCode::cancelled, false); };
    const std::uint64_t found = number;
    switch (world_.has_faults() ? work.obedience : Obedience::at_once) {
      case Obedience::at_once: return end(found, cancelled());
      case Obedience::late: return end_later(found, world_.dice().between(Millis(1), Millis(15'000)), cancelled());
      case Obedience::ends_anyway:
        return end_later(found, world_.dice().between(Millis(1), Millis(15'000)), success(work.task));
      case Obedience::never: return world_.saw("executor did not stop");
    }
  }
}

void SimExecutor::heal() {
  for (const auto& [number, work] : works_)
    end_later(number, world_.dice().between(Millis(0), Millis(20'000)),
              work.stopping ? failure(ErrorCode::cancelled, false) : success(work.task));
}

void SimExecutor::lose_all() { works_.clear(); }

}  // namespace troupe::sim
