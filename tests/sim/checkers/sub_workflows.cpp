// A step, or an undoing, whose work is a job of its own has one job an attempt, made while it is under way. It is done
// when that job has succeeded, and fails with it; what is stopped is over only when its job is. A kill switch that
// stops the job of an undoing does not give the undoing up. What could not be undone is named by the run's error.
#include <algorithm>
#include <map>
#include <vector>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class SubWorkflows final : public Checker {
  static constexpr Millis kPatience{120'000};

 public:
  using Checker::Checker;
  std::string_view name() const override { return "sub-workflows"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr) return;
    if (change.change.insert && change.job->is_child) made(*change.job);
    const bool is_taken_over = std::any_of(change.events.begin(), change.events.end(), [](const Event& event) {
      return std::holds_alternative<RunRecovered>(event);
    });
    for (const Event& event : change.events) {
      if (const auto* completed = std::get_if<TaskCompleted>(&event)) completes(change, completed->task);
      if (const auto* failed = std::get_if<TaskFailed>(&event)) {
        fails(change, failed->task, failed->error);
        if (failed->task.compensation) not_undone_[failed->task.run].emplace_back(failed->task, failed->error.code);
      }
      if (const auto* retried = std::get_if<TaskRetried>(&event)) fails(change, retried->task, retried->error);
      // A node that stops has let go of the jobs that its steps wait for (README, Known).
      if (const auto* cancelled = std::get_if<TaskCancelled>(&event);
          cancelled && !is_taken_over && !change.life->stopping)
        is_stopped(change, cancelled->task);
      if (const auto* ended = std::get_if<RunEnded>(&event)) ends(*change.job, *ended);
    }
    if (change.job->is_child && change.before && change.before->phase == RunPhase::forward) is_waited_for(change);
  }

 private:
  struct Parent {
    JobId job;
    TaskKey task;  ///< without its epoch
  };

  static TaskKey without_epoch(TaskKey task) {
    task.epoch = 0;
    return task;
  }
  static std::string text(const TaskKey& task) {
    return "step " + std::to_string(task.step) + " of " + to_string(task.run) + ", item " + std::to_string(task.item) +
           ", attempt " + std::to_string(task.attempt) + (task.compensation ? ", undoing" : "");
  }
  static bool is_by_job(const StoredJob& job, const TaskKey& task) {
    return job.workflow->steps.at(task.step).type_of(task.compensation) == StepType::workflow;
  }
  static bool has_ever(const StoredJob& job, bool (*is)(Status)) {
    return std::any_of(job.versions.begin(), job.versions.end(),
                       [&](const auto& version) { return is(version.second); });
  }

  static Parent parent_of(const StoredJob& child) {
    const Json parent = from_document(child.row.spec).at("parent");
    Parent of;
    of.job = parse_id<JobId>(parent.at("job_id").get<std::string>()).value();
    of.task = {parse_id<RunId>(parent.at("run_id").get<std::string>()).value(),
               parent.at("position"),
               parent.at("item"),
               parent.at("attempt"),
               parent.at("undo"),
               0};
    return of;
  }

  void made(const StoredJob& child) {
    const Parent parent = parent_of(child);
    const StoredJob* job = world_.jobs().find(parent.job);
    expect(job != nullptr && job->row.client_id == child.row.client_id, "a step's job is its client's",
           to_string(child.row.id));
    bool was_live = false;
    for (std::uint16_t epoch = 0; epoch <= job->state.epoch; ++epoch) {
      TaskKey task = parent.task;
      task.epoch = epoch;
      was_live |= job->live_ever.contains(task);
    }
    expect(was_live || job->row.run != parent.task.run, "a job is made for an attempt that is under way",
           text(parent.task));
    expect(job->row.run != parent.task.run || is_by_job(*job, parent.task), "a job is made for a step that wants one",
           text(parent.task));
    expect(jobs_.emplace(parent.task, child.row.id).second, "an attempt has one job", text(parent.task));
    parents_[child.row.id] = parent;
    if (parent.task.compensation) world_.saw("undone by a job");
  }

  const StoredJob* job_of(const TaskKey& task) const {
    const auto found = jobs_.find(without_epoch(task));
    return found == jobs_.end() ? nullptr : world_.jobs().find(found->second);
  }

  void completes(const StoredChange& change, const TaskKey& task) const {
    if (!is_by_job(*change.job, task)) return;
    const StoredJob* child = job_of(task);
    expect(child != nullptr && has_ever(*child, [](Status status) { return status == Status::success; }),
           "what a job was to do is done when that has succeeded", text(task));
    for (const ResultRow& row : change.change.results)
      if (row.task == task && row.outputs.present())
        expect(from_document(row.outputs).at("job_id") == to_string(child->row.id), "a step tells which job it had",
               text(task));
  }

  void fails(const StoredChange& change, const TaskKey& task, const Error& error) const {
    if (!is_by_job(*change.job, task) || error.code != ErrorCode::sub_workflow_failed) return;
    const StoredJob* child = job_of(task);
    expect(child != nullptr &&
               has_ever(*child, [](Status status) { return status == Status::failed || status == Status::cancelled; }),
           "a step fails with its job only if that has failed", text(task));
    if (!task.compensation || child->row.status != Status::cancelled) return;
    expect(error_from_json(from_document(child->row.error)).code != ErrorCode::kill_switch_engaged,
           "an undoing whose job a kill switch stopped is not given up", text(task));
  }

  void is_stopped(const StoredChange& change, const TaskKey& task) const {
    if (!is_by_job(*change.job, task) || seems_to_pause(change, task)) return;
    const StoredJob* child = job_of(task);
    expect(child == nullptr || has_ever(*child, has_ended), "what is stopped is over when its job is", text(task));
  }

  /// What was begun when its back-off was over, and whose clock was set back since: its job is told, and not waited
  /// for.
  static bool seems_to_pause(const StoredChange& change, const TaskKey& task) {
    if (!change.before || change.before->run != task.run) return false;
    for (const LiveItem& item : change.before->steps.at(task.step).live)
      if (item.item == task.item) return item.attempt > 1 && item.due > change.life->clock_latest;
    return false;
  }

  void ends(const StoredJob& job, const RunEnded& ended) {
    ended_at_[job.state.run] = world_.now();
    names_what_stays(job, ended);
  }

  /// In the order in which they were given up.
  void names_what_stays(const StoredJob& job, const RunEnded& ended) const {
    const auto found = not_undone_.find(job.state.run);
    const std::size_t count = found == not_undone_.end() ? 0 : found->second.size();
    const bool is_incomplete = ended.error && ended.error->code == ErrorCode::compensation_incomplete;
    expect(is_incomplete == (count > 0), "a run that could not be undone says so", to_string(job.state.run));
    if (count == 0) return;
    world_.saw("compensation incomplete");
    const std::vector<Fault>& named = ended.error->faults;
    expect(named.size() == std::min(count, limits::kNotUndoneShown), "what stays undone is named",
           to_string(job.state.run));
    for (std::size_t i = 0; i < named.size(); ++i) {
      const auto& [task, code] = found->second[i];
      const StepDefinition& step = job.workflow->steps.at(task.step);
      std::string begin = "step \"" + step.name + "\"";
      if (!step.for_each.empty()) begin += ", item " + std::to_string(task.item);
      expect(named[i].message.starts_with(begin + ": " + std::string(code_text(code))), "what stays undone is named",
             text(task) + ": " + named[i].message);
    }
  }

  /// A later run was begun by a person.
  void is_waited_for(const StoredChange& change) const {
    const auto quiet = world_.quiet_since();
    const auto parent = parents_.find(change.id);
    if (!quiet || parent == parents_.end() || change.before->number > 1) return;
    const auto ended = ended_at_.find(parent->second.task.run);
    if (ended == ended_at_.end()) return;
    const Timestamp since = std::max({*quiet, ended->second, change.life->started_at});
    expect(world_.now() - since <= kPatience, "no job goes on for long when its step is over", to_string(change.id));
  }

  std::map<TaskKey, JobId> jobs_;    ///< of attempts
  std::map<JobId, Parent> parents_;  ///< of jobs
  std::map<RunId, Timestamp> ended_at_;
  std::map<RunId, std::vector<std::pair<TaskKey, ErrorCode>>> not_undone_;
};

}  // namespace

std::unique_ptr<Checker> make_sub_workflows(World& world) { return std::make_unique<SubWorkflows>(world); }

}  // namespace troupe::sim
