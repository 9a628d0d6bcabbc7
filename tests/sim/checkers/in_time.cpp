// Nothing comes before its time by the clock of its node: no attempt before its back-off is over, and as long as it was
// asked to wait; no delay, no time-out of a run or of an attempt. And nothing is forgotten: once all is quiet, no
// delay, task or time-out is left for long after it was due. (That a run ends at last says little: its time-out ends
// it, whatever was forgotten.)
#include <map>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

/// A clock that stands still after it was set back (30 s), the longest pause of a job that broke (52 s), and the work
/// of those before it.

class InTime final : public Checker {
  static constexpr Millis kPatience{120'000};

 public:
  using Checker::Checker;
  std::string_view name() const override { return "in time"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr || !change.before) return;
    for (const Event& event : change.events) {
      if (const auto* started = std::get_if<TaskStarted>(&event)) starts(*change.life, *started);
      if (const auto* retried = std::get_if<TaskRetried>(&event)) {
        is_over(change, retried->task, retried->error.code);
        note_back_off(*retried);
      }
      if (const auto* failed = std::get_if<TaskFailed>(&event)) is_over(change, failed->task, failed->error.code);
      if (const auto* completed = std::get_if<TaskCompleted>(&event)) delay_is_over(change, completed->task);
      if (const auto* stopping = std::get_if<RunStopping>(&event);
          stopping && stopping->error.code == ErrorCode::run_timeout)
        expect(change.before->deadline <= change.life->clock_latest, "no run is timed out early", to_string(change.id));
    }
    if (change.before->phase == RunPhase::forward) nothing_is_overdue(change, *change.before, *change.workflow_before);
  }

  void task_begins(const Life& life, std::string_view, const Task& task) override {
    begins(life, task.key);
    began_.try_emplace(task.key, life.clock_latest);
  }

  void task_ends(const Life& life, std::string_view, const TaskKey& task, const TaskOutcome& outcome) override {
    if (!outcome.result && outcome.result.error().retry_after)
      asked_to_wait_[task] = life.clock_latest + *outcome.result.error().retry_after;
  }

 private:
  /// For the first time: one that is lost with its node is due at once, by another clock.
  void begins(const Life& life, const TaskKey& task) {
    const auto due = back_offs_.find(without_epoch(task));
    if (due == back_offs_.end()) return;
    expect(due->second <= life.clock_latest, "no attempt begins before its back-off is over",
           "step " + std::to_string(task.step) + " of " + to_string(task.run) + ", attempt " +
               std::to_string(task.attempt));
    back_offs_.erase(due);
  }

  static TaskKey without_epoch(TaskKey task) {
    task.epoch = 0;
    return task;
  }

  /// The time of what is let go only now has begun when its worker asked.
  void starts(const Life& life, const TaskStarted& started) {
    begins(life, started.task);
    began_.try_emplace(started.task, life.clock_latest);
    deadlines_[started.task] = started.deadline;
  }

  /// Its time begins when a worker takes it, and the executor gets it only when its secrets were read.
  static bool names_secret(const Document& config) { return config.view().find("${secret:") != std::string_view::npos; }
  static bool reads_secrets(const StepDefinition& step) {
    return names_secret(step.config) || (step.compensate && names_secret(step.compensate->config));
  }

  /// An attempt whose time is over has had it.
  void is_over(const StoredChange& change, const TaskKey& task, ErrorCode code) const {
    const StepDefinition& step = change.job->workflow->steps.at(task.step);
    const Timestamp now = change.life->clock_latest;
    const auto had = [&](Timestamp since, Millis time) {
      expect(since + time <= now, "no attempt is timed out early",
             step.name + " of " + to_string(task.run) + ", attempt " + std::to_string(task.attempt) + ", by " +
                 std::string(code_text(code)));
    };
    if (code == ErrorCode::heartbeat_timeout) world_.saw("heartbeat timed out");
    if (code == ErrorCode::queue_timeout) world_.saw("queue timed out");
    const auto began = began_.find(task);
    const auto deadline = deadlines_.find(task);
    if (code == ErrorCode::step_timeout && deadline != deadlines_.end())
      had(deadline->second, Millis(0));
    else if (code == ErrorCode::step_timeout && began != began_.end() && !reads_secrets(step))
      had(began->second, step.timeout_of(task.compensation));
    if (code == ErrorCode::heartbeat_timeout && began != began_.end()) had(began->second, step.heartbeat);
    if (task.compensation || task.run != change.before->run) return;
    for (const LiveItem& item : change.before->steps.at(task.step).live) {
      if (item.item != task.item) continue;
      if (code == ErrorCode::queue_timeout) had(item.due, step.queue_timeout);
      if (code == ErrorCode::step_timeout && item.phase == AttemptPhase::awaiting) had(item.due, Millis(0));
    }
  }

  void note_back_off(const TaskRetried& retried) {
    if (const auto wait = asked_to_wait_.find(retried.task);
        wait != asked_to_wait_.end() && retried.error.code == ErrorCode::http_failed)
      expect(retried.due >= wait->second, "an attempt waits as long as it was asked to",
             "step " + std::to_string(retried.task.step) + " of " + to_string(retried.task.run));
    TaskKey next = without_epoch(retried.task);
    ++next.attempt;
    back_offs_[next] = retried.due;
  }

  static void delay_is_over(const StoredChange& change, const TaskKey& task) {
    if (task.compensation || change.workflow_before->steps.at(task.step).type != StepType::delay) return;
    for (const LiveItem& item : change.before->steps.at(task.step).live)
      if (item.item == task.item)
        expect(item.due <= change.life->clock_latest, "no delay ends early", to_string(change.id));
  }

  void nothing_is_overdue(const StoredChange& change, const RunState& before,
                          const WorkflowDefinition& workflow) const {
    const auto quiet = world_.quiet_since();
    if (!quiet) return;
    const Timestamp since = std::max(*quiet, change.life->started_at);
    const auto check = [&](Timestamp due, Millis allowed, const char* rule, const std::string& what) {
      const Millis late = std::min(change.life->clock_latest - due, world_.now() - since);
      expect(due == kNever || late <= kPatience + allowed, rule,
             what + " of job " + to_string(change.id) + ", by " + std::to_string(late.count()) + " ms");
    };
    if (before.paused_at == kNever) check(before.deadline, Millis(0), "no run outlives its time for long", "the run");
    for (std::size_t i = 0; i < before.steps.size(); ++i) {
      const StepDefinition& step = workflow.steps[i];
      check(before.steps[i].status == Status::running ? before.steps[i].deadline : kNever, Millis(0),
            "no step outlives its time for long", step.name);
      for (const LiveItem& item : before.steps[i].live)
        if (item.phase != AttemptPhase::in_doubt)
          check(item.due, needs_no_worker(step.type) ? Millis(0) : step.timeout,
                "nothing is left for long when it is due", step.name);
    }
  }

  std::map<TaskKey, Timestamp> back_offs_;      ///< of attempts to come, whatever their epoch
  std::map<TaskKey, Timestamp> began_;          ///< or were let go, by the clock of their node
  std::map<TaskKey, Timestamp> deadlines_;      ///< of those whose start is durable
  std::map<TaskKey, Timestamp> asked_to_wait_;  ///< until then, by a Retry-After
};

}  // namespace

std::unique_ptr<Checker> make_in_time(World& world) { return std::make_unique<InTime>(world); }

}  // namespace troupe::sim
