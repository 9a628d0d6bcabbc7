#include "actors/child/child_outcome.hpp"

#include "codec/json.hpp"

namespace troupe {
namespace {

Document outputs_of_child(const JobRow& job) {
  Json outputs = from_document(job.outputs);
  if (!outputs.is_object()) outputs = Json{{"value", std::move(outputs)}};
  outputs["job_id"] = to_string(job.id);
  return to_document(outputs);
}

Error failure_of_child(const JobRow& job) {
  const Error error = job.error.present() ? error_from_json(from_document(job.error)) : Error{};
  const bool was_cancelled = job.status == Status::cancelled;
  std::string message = "job " + to_string(job.id) + (was_cancelled ? " was cancelled: " : " failed: ");
  if (!was_cancelled) message += std::string(code_text(error.code)) + ": ";
  return {ErrorCode::sub_workflow_failed, message + error.message, error.retryable && !was_cancelled, {}};
}

}  // namespace

TaskOutcome child_outcome(const JobRow& job) {
  if (job.status == Status::success) return {TaskOutputs{outputs_of_child(job), {}}, {}};
  return {failure_of_child(job), {}};
}

}  // namespace troupe
