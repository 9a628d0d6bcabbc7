#include "troupe/domain/validation.hpp"

#include <algorithm>
#include <map>

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }

std::string step_pointer(std::size_t step, std::string_view member) {
  return "/steps/" + std::to_string(step) + "/" + std::string(member);
}

void check_names(const WorkflowDefinition& workflow, std::vector<Fault>& faults) {
  if (!is_workflow_key(workflow.key))
    faults.push_back({"/key", "must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit"});
  if (workflow.steps.empty()) faults.push_back({"/steps", "must have at least one step"});
  if (workflow.steps.size() > limits::kSteps)
    faults.push_back({"/steps", "has " + std::to_string(workflow.steps.size()) + " steps; at most " +
                                    std::to_string(limits::kSteps) + " are allowed"});
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const std::string& name = workflow.steps[i].name;
    if (!is_step_name(name)) {
      faults.push_back({step_pointer(i, "name"), "must be 1 to 64 of A-Z a-z 0-9 _ - and begin with a letter or _"});
    } else if (const auto [first, fresh] = seen.emplace(name, i); !fresh) {
      faults.push_back({step_pointer(i, "name"),
                        "\"" + name + "\" is the name of step " + std::to_string(first->second + 1) + " already"});
    }
  }
}

void resolve_needs(WorkflowDraft& draft, std::vector<Fault>& faults) {
  auto& steps = draft.definition.steps;
  if (!draft.any_needs) {
    for (std::size_t i = 1; i < steps.size(); ++i) steps[i].needs = {static_cast<StepIndex>(i - 1)};
    return;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (std::size_t j = 0; j < draft.needs[i].size(); ++j) {
      const std::string& name = draft.needs[i][j];
      const std::string pointer = step_pointer(i, "needs/" + std::to_string(j));
      const auto need = draft.definition.find_step(name);
      if (!need) {
        faults.push_back({pointer, "there is no step \"" + name + "\""});
      } else if (*need == i) {
        faults.push_back({pointer, "a step cannot need itself"});
      } else {
        steps[i].needs.push_back(*need);
      }
    }
    std::sort(steps[i].needs.begin(), steps[i].needs.end());
    steps[i].needs.erase(std::unique(steps[i].needs.begin(), steps[i].needs.end()), steps[i].needs.end());
  }
}

/// Depth-first search with the path kept; every step is finished once, so every cycle that a back edge closes is named
/// once.
class CycleSearch {
 public:
  CycleSearch(const WorkflowDefinition& workflow, std::vector<Fault>& faults)
      : workflow_(workflow), faults_(faults), colour_(workflow.steps.size(), Colour::white) {}

  void run() {
    for (std::size_t i = 0; i < workflow_.steps.size(); ++i)
      if (colour_[i] == Colour::white) visit(static_cast<StepIndex>(i));
  }

 private:
  enum class Colour : std::uint8_t { white, grey, black };

  void visit(StepIndex step) {  // depth is bounded by limits::kSteps
    colour_[step] = Colour::grey;
    path_.push_back(step);
    for (StepIndex need : workflow_.steps[step].needs) {
      if (colour_[need] == Colour::white)
        visit(need);
      else if (colour_[need] == Colour::grey)
        report(need);
    }
    path_.pop_back();
    colour_[step] = Colour::black;
  }

  void report(StepIndex back_to) {
    std::string cycle;
    auto from = std::find(path_.begin(), path_.end(), back_to);
    for (; from != path_.end(); ++from) cycle += workflow_.steps[*from].name + " needs ";
    cycle += workflow_.steps[back_to].name;
    faults_.push_back({step_pointer(path_.back(), "needs"), "the steps form a cycle: " + cycle});
  }

  const WorkflowDefinition& workflow_;
  std::vector<Fault>& faults_;
  std::vector<Colour> colour_;
  std::vector<StepIndex> path_;
};

void check_timeout(Millis timeout, const std::string& pointer, std::vector<Fault>& faults) {
  if (timeout <= Millis(0)) faults.push_back({pointer, "must be longer than nothing"});
  if (timeout > limits::kRunTimeoutMax)
    faults.push_back({pointer, "must be at most " + format_duration(limits::kRunTimeoutMax)});
}

void check_retry(const RetryPolicy& retry, const std::string& pointer, std::vector<Fault>& faults) {
  if (retry.max_attempts < 1 || retry.max_attempts > limits::kAttemptsMax)
    faults.push_back({pointer + "/max_attempts", "must be 1 to " + std::to_string(limits::kAttemptsMax)});
  if (!(retry.factor >= 1.0 && retry.factor <= 100.0)) faults.push_back({pointer + "/factor", "must be 1 to 100"});
  if (retry.initial > retry.max) faults.push_back({pointer + "/initial", "must not be longer than max"});
}

/// Of a step that waits for a message, no time-out is none.
bool may_lack_timeout(const StepDefinition& step) { return waits_for_message(step.type) && step.timeout == Millis(0); }

void check_limit(Millis limit, const std::string& pointer, std::vector<Fault>& faults) {
  if (limit != Millis(0)) check_timeout(limit, pointer, faults);
}

/// Limits that could never hold, or always would.
void check_waits(const StepDefinition& step, std::size_t i, std::vector<Fault>& faults) {
  const std::string type(step_type_text(step.type));
  if (step.heartbeat != Millis(0) && !gives_signs_of_life(step.type))
    faults.push_back({step_pointer(i, "heartbeat"), "a step of type " + type + " gives no signs of life"});
  if (step.queue_timeout != Millis(0) && needs_no_worker(step.type))
    faults.push_back({step_pointer(i, "queue_timeout"), "a step of type " + type + " waits for no worker"});
}

void check_numbers(const WorkflowDefinition& workflow, std::vector<Fault>& faults) {
  check_timeout(workflow.timeout, "/timeout", faults);
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const StepDefinition& step = workflow.steps[i];
    if (!may_lack_timeout(step)) check_timeout(step.timeout, step_pointer(i, "timeout"), faults);
    check_limit(step.queue_timeout, step_pointer(i, "queue_timeout"), faults);
    check_limit(step.total_timeout, step_pointer(i, "total_timeout"), faults);
    check_limit(step.heartbeat, step_pointer(i, "heartbeat"), faults);
    check_waits(step, i, faults);
    check_retry(step.retry, step_pointer(i, "retry"), faults);
    if (step.max_parallel < 1 || step.max_parallel > limits::kItemsLive)
      faults.push_back({step_pointer(i, "max_parallel"), "must be 1 to " + std::to_string(limits::kItemsLive)});
  }
}

/// What has no worker would wait for one for ever.
void check_compensations(const WorkflowDefinition& workflow, std::vector<Fault>& faults) {
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const auto& compensate = workflow.steps[i].compensate;
    if (!compensate) continue;
    if (needs_no_worker(compensate->type))
      faults.push_back({step_pointer(i, "compensate/type"),
                        "a step of type " + std::string(step_type_text(compensate->type)) + " cannot undo anything"});
    check_timeout(compensate->timeout, step_pointer(i, "compensate/timeout"), faults);
    check_retry(compensate->retry, step_pointer(i, "compensate/retry"), faults);
  }
}

}  // namespace

bool ends_attempts(ErrorCode code) {
  switch (code) {
    // A run's, or a job's.
    case ErrorCode::run_timeout:
    case ErrorCode::cancelled:
    case ErrorCode::step_stopped:
    case ErrorCode::compensation_incomplete:
    case ErrorCode::poison:
    // What people decided is not tried again.
    case ErrorCode::in_doubt:
    case ErrorCode::approval_rejected:
    // A request's.
    case ErrorCode::malformed_json:
    case ErrorCode::json_too_deep:
    case ErrorCode::malformed_request:
    case ErrorCode::invalid_query:
    case ErrorCode::invalid_cursor:
    case ErrorCode::invalid_limit:
    case ErrorCode::invalid_id:
    case ErrorCode::unauthenticated:
    case ErrorCode::forbidden:
    case ErrorCode::method_not_allowed:
    case ErrorCode::request_timeout:
    case ErrorCode::unsupported_media_type:
    case ErrorCode::range_not_satisfiable:
    case ErrorCode::header_too_large:
    case ErrorCode::callback_url_forbidden:
    case ErrorCode::job_id_conflict:
    case ErrorCode::ambiguous_job_id:
    case ErrorCode::job_finished:
    case ErrorCode::job_not_finished:
    case ErrorCode::already_reviewed:
    case ErrorCode::no_signal_expected:
    case ErrorCode::too_many_signals:
    case ErrorCode::idempotency_key_reused:
    case ErrorCode::idempotency_key_in_flight:
    // A server's.
    case ErrorCode::store_newer:
    case ErrorCode::fenced:
    case ErrorCode::chain_broken:
    case ErrorCode::wrong_usage:
    case ErrorCode::insecure_listen: return false;
    default: return true;  // also those that a `workflow` step hands on from its job
  }
}

bool is_workflow_key(std::string_view text) {
  if (text.empty() || text.size() > limits::kNameChars || !is_lower_or_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_step_name(std::string_view text) {
  if (text.empty() || text.size() > limits::kNameChars || !(is_letter(text[0]) || text[0] == '_')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
}

bool is_signal_name(std::string_view text) {
  if (text.empty() || text.size() > limits::kNameChars) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-'; });
}

std::vector<Fault> resolve(WorkflowDraft& draft) {
  std::vector<Fault> faults;
  TROUPE_ASSERT(draft.needs.size() == draft.definition.steps.size(), "a draft has one list of needs a step");
  check_names(draft.definition, faults);
  if (draft.definition.steps.size() > limits::kSteps) return faults;
  resolve_needs(draft, faults);
  CycleSearch(draft.definition, faults).run();
  check_numbers(draft.definition, faults);
  check_compensations(draft.definition, faults);
  return faults;
}

}  // namespace troupe
