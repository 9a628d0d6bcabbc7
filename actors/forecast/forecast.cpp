#include "actors/forecast/forecast.hpp"

#include <algorithm>

namespace troupe {
namespace {

Millis guessed_time(const StepDefinition& step) { return step.timeout / kGuessedPart; }

/// Calls with each of the step's tasks that could be with a worker and, as far as is known, is not.
template <class Call>
void for_each_waiting(const ForecastSubject& run, StepIndex step, Timestamp now, Call call) {
  for (const LiveItem& item : run.state.steps[step].live) {
    if (item.phase != AttemptPhase::waiting || item.due > now) continue;
    if (run.live != nullptr && run.live->tasks.contains({step, item.item})) continue;
    call(TaskKey{run.state.run, step, item.item, item.attempt, false, run.state.epoch});
  }
}

/// The queues as they stand for one run.
class QueuedSurroundings final : public Surroundings {
 public:
  QueuedSurroundings(const TaskQueues& queues, const ForecastSubject& run, Timestamp now)
      : queues_(queues), run_(run), now_(now) {}

  Millis wait(StepIndex step, bool later) const override {
    const StepDefinition& definition = run_.workflow.steps[step];
    const auto behind = [&](std::size_t before) {
      return queues_.wait_behind(before, definition.type, guessed_time(definition));
    };
    if (!later) {
      std::optional<std::size_t> first;
      for_each_waiting(run_, step, now_, [&](const TaskKey& task) {
        if (const auto before = queues_.before(task, definition.type))
          first = std::min(first.value_or(*before), *before);
      });
      if (first) return behind(*first);
    }
    const Millis now = behind(queues_.before_newcomer(definition.type, run_.priority, run_.client));
    // How the queue will stand by then: as it does, or as it usually did, if that is more. Where many come at once,
    // those who are done with one step wait again behind all the others.
    return later ? std::max(now, (now + queues_.usual_wait(definition.type)) / 2) : now;
  }
  std::size_t slots(StepType type) const override { return queues_.slots(type); }
  std::optional<Timestamp> running_since(StepIndex step, ItemIndex item) const override {
    if (run_.live == nullptr) return std::nullopt;
    const auto live = run_.live->tasks.find({step, item});
    if (live == run_.live->tasks.end()) return std::nullopt;
    return live->second.since;
  }
  std::optional<Millis> delay(StepIndex step, Millis begins_in) const override {
    const auto known = run_.delays.find(step);
    if (known == run_.delays.end()) return std::nullopt;
    if (known->second.until) return std::max(Millis(0), *known->second.until - now_ - begins_in);
    return known->second.duration;
  }

 private:
  const TaskQueues& queues_;
  const ForecastSubject& run_;
  const Timestamp now_;
};

}  // namespace

HistoryPtr Forecast::history_of(const std::string& workflow, Timestamp now) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = histories_.find(workflow); found != histories_.end()) {
      found->second->asked_at_.store(to_unix_ms(now), std::memory_order_relaxed);
      return found->second;
    }
  }
  const std::unique_lock lock(mutex_);
  HistoryPtr& history = histories_[workflow];
  if (!history) history = std::make_shared<SharedHistory>();
  history->asked_at_ = to_unix_ms(now);
  const HistoryPtr made = history;
  if (histories_.size() > kHistoriesMost) forget_oldest();
  return made;
}

void Forecast::forget_oldest() {
  histories_.erase(std::min_element(histories_.begin(), histories_.end(), [](const auto& left, const auto& right) {
    return left.second->asked_at_ < right.second->asked_at_;
  }));
}

Forecast::Said Forecast::say(const ForecastSubject& run, const SharedHistory& history, Timestamp now) const {
  const QueuedSurroundings around(queues, run, now);
  return history.ask([&](const WorkflowHistory& observed) {
    const auto remaining = remaining_time(run.state, run.workflow, observed, around, now);
    return Said{estimated_end(run.state, remaining, observed, now),
                observed.knows(run.workflow) ? remaining : std::nullopt};
  });
}

std::optional<QueuePlace> Forecast::place_of(const ForecastSubject& run, Timestamp now) const {
  std::optional<QueuePlace> first;
  for (StepIndex step = 0; step < run.state.steps.size(); ++step) {
    const StepDefinition& definition = run.workflow.steps[step];
    for_each_waiting(run, step, now, [&](const TaskKey& task) {
      const auto before = queues.before(task, definition.type);
      if (!before) return;
      const QueuePlace place{*before + 1, now + queues.wait_behind(*before, definition.type, guessed_time(definition))};
      if (!first || place.estimated_start < first->estimated_start) first = place;
    });
  }
  return first;
}

void Forecast::remember(const JobId& job, Timestamp said) {
  const std::lock_guard lock(answers_mutex_);
  if (answers_.empty()) answers_.resize(kAnswersMost);
  answers_[std::hash<JobId>()(job) % kAnswersMost] = {job, said};
}

std::optional<Timestamp> Forecast::recall(const JobId& job) const {
  const std::lock_guard lock(answers_mutex_);
  if (answers_.empty()) return std::nullopt;
  const auto& [kept, said] = answers_[std::hash<JobId>()(job) % kAnswersMost];
  return kept == job ? std::optional(said) : std::nullopt;
}

}  // namespace troupe
