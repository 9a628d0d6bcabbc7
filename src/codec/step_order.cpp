#include "codec/step_order.hpp"

#include <algorithm>

namespace troupe {
namespace {

/// Of the names of steps, or of what they need.
bool leaves_order_open(const Fault& fault) {
  if (!fault.pointer.starts_with("/steps/")) return false;
  const std::string_view member =
      std::string_view(fault.pointer).substr(std::min(fault.pointer.find('/', 7), fault.pointer.size()));
  return member == "/name" || member == "/needs" || member.starts_with("/needs/");
}

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

class StepOrder {
 public:
  explicit StepOrder(const WorkflowDraft& draft) : draft_(draft) {
    const std::size_t count = draft.definition.steps.size();
    waits_for_.assign(count, std::vector<bool>(count));
    for (std::size_t i = 0; i < count; ++i) mark(i, waits_for_[i]);
  }

  /// Empty where the step may see what the other one gives.
  std::string why_unseen(std::size_t step, std::size_t other) const {
    if (waits_for_[step][other]) return {};
    const auto name = [&](std::size_t of) { return in_quotes(draft_.definition.steps[of].name); };
    if (other == step) return "step " + name(step) + " does not see what it gives itself";
    if (waits_for_[other][step])
      return "step " + name(step) + " begins before step " + name(other) + " has ended, since " +
             (draft_.any_needs ? name(other) + " needs it" : "steps run in list order");
    return "step " + name(step) + " does not wait for step " + name(other) + ": add " + name(other) + " to its needs";
  }

 private:
  void mark(std::size_t step, std::vector<bool>& waits_for) const {
    for (const StepIndex need : draft_.definition.steps[step].needs) {
      if (waits_for[need]) continue;
      waits_for[need] = true;
      mark(need, waits_for);
    }
  }

  const WorkflowDraft& draft_;
  std::vector<std::vector<bool>> waits_for_;  ///< [step][other]
};

}  // namespace

void refuse_unseen_steps(const std::vector<StepReference>& references, const WorkflowDraft& draft,
                         std::vector<Fault>& faults) {
  if (references.empty() || std::any_of(faults.begin(), faults.end(), leaves_order_open)) return;
  const StepOrder order(draft);
  for (const StepReference& reference : references) {
    const auto other = draft.definition.find_step(reference.other);
    if (!other) continue;
    const std::string why = order.why_unseen(reference.step, *other);
    if (!why.empty()) faults.push_back({reference.pointer, in_quotes(reference.jq) + ": " + why});
  }
}

}  // namespace troupe
