#include "troupe/domain/reuse.hpp"

namespace troupe {
namespace {

bool is_undone_likewise(const StepDefinition& step, const StepDefinition& earlier) {
  if (step.compensate.has_value() != earlier.compensate.has_value()) return false;
  if (!step.compensate) return true;
  // Undoing sees the item too, which is one of the list.
  return step.compensate->type == earlier.compensate->type && step.compensate->config == earlier.compensate->config &&
         step.for_each == earlier.for_each;
}

std::string version_text(const WorkflowDefinition& workflow) { return "version " + std::to_string(workflow.version); }

}  // namespace

std::optional<Error> refuse_reuse(const RunState& retry, const WorkflowDefinition& old_workflow,
                                  const WorkflowDefinition& new_workflow, bool inputs_changed) {
  Error refusal{
      ErrorCode::validation_failed, "a step that would be reused could not be undone as it was done", false, {}};
  for (std::size_t i = 0; i < retry.steps.size(); ++i) {
    const StepState& state = retry.steps[i];
    if (state.result_run.is_nil() || state.done.count() == 0) continue;
    const StepDefinition& step = new_workflow.steps[i];
    const auto earlier = old_workflow.find_step(step.name);
    if (earlier && !is_undone_likewise(step, old_workflow.steps[*earlier])) {
      refusal.faults.push_back({"/workflow_version", version_text(new_workflow) + " undoes step \"" + step.name +
                                                         "\" in another way than " + version_text(old_workflow) +
                                                         ", which it was done by: name that one, or leave out "
                                                         "from_step"});
    } else if (step.compensate && inputs_changed) {
      refusal.faults.push_back({"/inputs", "step \"" + step.name +
                                               "\" was done with other inputs, and undoing it would go by these: "
                                               "leave out from_step, or keep the inputs"});
    }
  }
  if (refusal.faults.empty()) return std::nullopt;
  return refusal;
}

}  // namespace troupe
