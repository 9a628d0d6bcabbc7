#include "actors/run/run_lines.hpp"

namespace troupe {
namespace {

class RunLines {
 public:
  RunLines(Log& log, const JobFacts& job, const WorkflowDefinition& workflow, const RunState& after)
      : log_(log), job_(job), workflow_(workflow), after_(after) {}

  void operator()(const TaskStarted& e) { task(log::Level::debug, "step started", e.task, e.worker, ""); }
  void operator()(const TaskCompleted& e) { task(log::Level::debug, "step done", e.task, "", ""); }
  void operator()(const TaskRetried& e) {
    task(log::Level::info, "step failed; it will be tried again", e.task, "", e.error.message);
  }
  void operator()(const TaskFailed& e) { task(log::Level::warning, "step failed", e.task, "", e.error.message); }
  void operator()(const TaskCancelled& e) { task(log::Level::debug, "step cancelled", e.task, "", ""); }
  void operator()(const DoubtResolved& e) {
    task(log::Level::info, "someone decided about an attempt in doubt", e.task, "", e.comment);
  }
  void operator()(const StepFailed& e) {
    run(log::Level::warning, "step failed before it began", workflow_.steps[e.step].name, e.error.message);
  }
  void operator()(const RunRecovered&) { run(log::Level::info, "run taken over", "", ""); }
  void operator()(const RunEnded& e) {
    const bool failed = e.status == Status::failed;
    run(failed ? log::Level::warning : log::Level::debug, "run ended", "",
        after_.error ? std::string_view(after_.error->message) : std::string_view());
  }
  template <class Other>
  void operator()(const Other&) {}

 private:
  /// The trace id inside a W3C traceparent.
  std::string_view trace() const {
    const std::string_view whole = job_.traceparent;
    return whole.size() < 35 ? std::string_view() : whole.substr(3, 32);
  }

  void task(log::Level level, std::string_view what, const TaskKey& task, std::string_view worker,
            std::string_view error) {
    log_.write(level, what,
               {{"job", job_.id},
                {"run", after_.run},
                {"step", workflow_.steps[task.step].name},
                {"item", task.item},
                {"attempt", task.attempt},
                {"compensation", task.compensation},
                {"worker", worker},
                {"error", error},
                {"trace", trace()}});
  }
  void run(log::Level level, std::string_view what, std::string_view step, std::string_view error) {
    log_.write(level, what,
               {{"job", job_.id},
                {"run", after_.run},
                {"workflow", job_.workflow_key},
                {"status", status_text(after_.status)},
                {"step", step},
                {"error", error},
                {"trace", trace()}});
  }

  Log& log_;
  const JobFacts& job_;
  const WorkflowDefinition& workflow_;
  const RunState& after_;
};

}  // namespace

void log_events(Log& log, const JobFacts& job, const WorkflowDefinition& workflow, const RunState& after,
                const std::vector<Event>& events) {
  RunLines lines(log, job, workflow, after);
  for (const Event& event : events) std::visit(lines, event);
}

}  // namespace troupe
