#include "troupe/domain/estimator.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

// Short runs say little about how wrong what was said is: both times count as so much longer.
constexpr Millis kBlur{100};
constexpr double kCorrectionMost = 5;
constexpr double kThousandths = 1'000;

std::uint32_t whole_ms(Millis time) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
}

/// One run's future, step by step.
class Outlook {
 public:
  Outlook(const RunState& state, const WorkflowDefinition& workflow, const WorkflowHistory& history,
          const Surroundings& around, Timestamp now)
      : state_(state), workflow_(workflow), history_(history), around_(around), now_(now), ends_(state.steps.size()) {}

  std::optional<Millis> run() {
    Millis latest{0};
    for (StepIndex step = 0; step < ends_.size(); ++step) latest = std::max(latest, end_of(step));
    if (is_unknown_) return std::nullopt;
    return latest;
  }

 private:
  /// From now. Needs form no cycle, so this ends.
  Millis end_of(StepIndex step) {
    if (ends_[step]) return *ends_[step];
    Millis end{0};
    const StepState& state = state_.steps[step];
    if (!has_ended(state.status)) {
      for (StepIndex need : workflow_.steps[step].needs) end = std::max(end, end_of(need));
      end += state.status == Status::pending ? time_ahead(step, end) : time_left(step);
    }
    ends_[step] = end;
    return end;
  }

  Millis time_ahead(StepIndex step, Millis begins_in) {
    const StepDefinition& definition = workflow_.steps[step];
    const WorkflowHistory::Step* seen = history_.find(definition);
    if (definition.type == StepType::delay) return delay_of(step, begins_in, seen);
    if (waits_for_message(definition.type)) return nobody_knows();
    if (is_instant(definition.type)) return Millis(0);
    const ItemIndex items = definition.for_each.empty()               ? 1
                            : seen != nullptr && !seen->items.empty() ? seen->items.median()
                                                                      : 1;
    if (items == 0) return Millis(0);
    // Mostly skipped: then it does not wait for a worker either.
    if (seen != nullptr && !seen->times.empty() && seen->times.median() == 0) return Millis(0);
    return around_.wait(step, /*later=*/true) + time_of_items(step, items, seen);
  }

  /// Of a step that has begun.
  Millis time_left(StepIndex step) {
    const StepDefinition& definition = workflow_.steps[step];
    const StepState& state = state_.steps[step];
    const WorkflowHistory::Step* seen = history_.find(definition);
    if (waits_for_message(definition.type)) return nobody_knows();
    Millis longest{0};
    bool waits = false;
    for (const LiveItem& item : state.live) {
      if (item.phase == AttemptPhase::in_doubt) return nobody_knows();
      if (definition.type == StepType::delay) {
        longest = std::max(longest, item.due - now_);
        continue;
      }
      if (is_instant(definition.type)) continue;
      const bool tells = item.phase == AttemptPhase::started && item.due != kNever;
      const auto since = tells ? std::optional(item.due - definition.timeout) : around_.running_since(step, item.item);
      if (since) {
        longest = std::max(longest, left_of(definition, seen, now_ - *since));
      } else if (item.due > now_) {  // after a failure, it pauses
        longest = std::max(longest, item.due - now_ + around_.wait(step, true) + time_of(definition, seen));
      } else {
        waits = true;
      }
    }
    if (definition.type == StepType::delay || is_instant(definition.type)) return longest;
    const ItemIndex open = state.items - std::min(state.items, state.done.count() + state.failed.count());
    if (waits) return std::max(longest, around_.wait(step, /*later=*/false) + time_of_items(step, open, seen));
    return open > 1 ? std::max(longest, time_of_items(step, open, seen)) : longest;
  }

  Millis delay_of(StepIndex step, Millis begins_in, const WorkflowHistory::Step* seen) {
    if (const auto told = around_.delay(step, begins_in)) return *told;
    return seen != nullptr && !seen->times.empty() ? Millis(seen->times.median()) : nobody_knows();
  }

  /// Several go at once, as far as there are slots; then it is the mean that adds up.
  Millis time_of_items(StepIndex step, ItemIndex items, const WorkflowHistory::Step* seen) const {
    const StepDefinition& definition = workflow_.steps[step];
    const Millis one = time_of(definition, seen);
    const std::size_t at_once =
        std::min<std::size_t>(definition.max_parallel, std::max<std::size_t>(1, around_.slots(definition.type)));
    if (items <= 1) return one;
    const double mean = seen != nullptr && !seen->times.empty() ? seen->times.mean() : static_cast<double>(one.count());
    return std::max(one, Millis(std::llround(mean * items / static_cast<double>(at_once))));
  }

  static Millis time_of(const StepDefinition& step, const WorkflowHistory::Step* seen) {
    return seen != nullptr && !seen->times.empty() ? Millis(seen->times.median()) : step.timeout / kGuessedPart;
  }

  /// Of one that has taken longer than all before nothing is known: it may take half as long again.
  static Millis left_of(const StepDefinition& step, const WorkflowHistory::Step* seen, Millis passed) {
    if (seen == nullptr || seen->times.empty()) return std::max(time_of(step, seen) - passed, passed / 2);
    const auto usual = seen->times.median_above(whole_ms(passed));
    return usual ? Millis(*usual) - passed : passed / 2;
  }

  Millis nobody_knows() {
    is_unknown_ = true;
    return Millis(0);
  }

  const RunState& state_;
  const WorkflowDefinition& workflow_;
  const WorkflowHistory& history_;
  const Surroundings& around_;
  const Timestamp now_;
  std::vector<std::optional<Millis>> ends_;
  bool is_unknown_ = false;
};

}  // namespace

void WorkflowHistory::step_took(const StepDefinition& step, Millis time) {
  if (Step* seen = find_or_make(step)) seen->times.add(whole_ms(time));
}

void WorkflowHistory::step_had(const StepDefinition& step, ItemIndex items) {
  if (step.for_each.empty()) return;
  if (Step* seen = find_or_make(step)) seen->items.add(items);
}

void WorkflowHistory::run_took(Millis time, Millis said) {
  const double ratio = static_cast<double>((time + kBlur).count()) / static_cast<double>((said + kBlur).count());
  ratios_.add(static_cast<std::uint32_t>(std::clamp(ratio, 1 / kCorrectionMost, kCorrectionMost) * kThousandths));
}

const WorkflowHistory::Step* WorkflowHistory::find(const StepDefinition& step) const {
  const auto found = steps_.find(step.name);
  return found != steps_.end() && found->second.type == step.type ? &found->second : nullptr;
}

WorkflowHistory::Step* WorkflowHistory::find_or_make(const StepDefinition& step) {
  if (is_instant(step.type)) return nullptr;
  auto found = steps_.find(step.name);
  if (found == steps_.end()) {
    if (steps_.size() >= kStepsMost) return nullptr;
    found = steps_.try_emplace(step.name).first;
  }
  if (found->second.type != step.type) found->second = Step{step.type, {}, {}};  // another version's is of no use
  return &found->second;
}

bool WorkflowHistory::knows(const WorkflowDefinition& workflow) const {
  return std::all_of(workflow.steps.begin(), workflow.steps.end(), [&](const StepDefinition& step) {
    if (is_instant(step.type)) return true;
    const Step* seen = find(step);
    return seen != nullptr && !seen->times.empty();
  });
}

double WorkflowHistory::correction() const { return ratios_.empty() ? 1 : ratios_.median() / kThousandths; }

std::optional<Millis> remaining_time(const RunState& state, const WorkflowDefinition& workflow,
                                     const WorkflowHistory& history, const Surroundings& around, Timestamp now) {
  if (state.phase == RunPhase::ended) return Millis(0);
  if (state.phase != RunPhase::forward) return std::nullopt;
  return Outlook(state, workflow, history, around, now).run();
}

Timestamp estimated_end(const RunState& state, std::optional<Millis> remaining, const WorkflowHistory& history,
                        Timestamp now) {
  // While people are waited for, the deadline stands still.
  const Timestamp deadline = state.paused_at == kNever ? state.deadline : state.deadline + (now - state.paused_at);
  if (!remaining) return deadline;
  const double corrected = static_cast<double>(remaining->count()) * history.correction();
  return std::min(deadline, now + Millis(std::llround(corrected)));
}

}  // namespace troupe
