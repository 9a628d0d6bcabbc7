// The rules a workflow definition must keep, checked all at once.
#pragma once

#include <string>
#include <vector>

#include "troupe/base/assert.hpp"
#include "troupe/base/error.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// A definition as written: names where the compiled form has positions.
struct WorkflowDraft {
  WorkflowDefinition definition;                ///< `needs` of its steps still empty
  std::vector<std::vector<std::string>> needs;  ///< by step, as written
  bool any_needs = false;                       ///< did any step have the key `needs`? If not: list order
};

/// Resolves names and checks every rule that needs no JSON: names, duplicates, cycles (each named once, with its path),
/// numbers in range, limits. On success the draft's definition is complete. On failure: all faults, with pointers into
/// the document that was written (`/steps/2/needs/0`).
std::vector<Fault> resolve(WorkflowDraft& draft);

/// Can an attempt of a step fail with this? If not, a policy that retries it never does anything, or keeps a run from
/// its end.
bool ends_attempts(ErrorCode code);

/// 1–64 of a–z 0–9 . _ - , beginning with a letter or digit.
bool is_workflow_key(std::string_view text);
/// 1–64 of A–Z a–z 0–9 . _ : -
bool is_signal_name(std::string_view text);
/// 1–64 of A–Z a–z 0–9 _ -, beginning with a letter or _ (so that `.steps.NAME` is jq for all but those with `-`).
bool is_step_name(std::string_view text);

}  // namespace troupe
