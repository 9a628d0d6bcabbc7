#include "actors/schedule/schedule_records.hpp"

#include "codec/json.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

Json description(const Schedule& schedule) {
  Json details = {{"schedule", schedule.id},           {"client_id", schedule.client_id},
                  {"workflow", schedule.workflow_key}, {"cron", schedule.cron},
                  {"time_zone", schedule.time_zone},   {"missed_runs", missed_runs_text(schedule.missed_runs)},
                  {"enabled", schedule.enabled}};
  if (schedule.workflow_version != 0) details["workflow_version"] = schedule.workflow_version;
  if (schedule.inputs.present())
    details["inputs"] = digest_to_json(sha256(schedule.inputs.view()), schedule.inputs.size());
  return details;
}

}  // namespace

RecordDraft schedule_created(const Schedule& schedule) {
  return {"schedule.created", description(schedule), std::nullopt};
}
RecordDraft schedule_changed(const Schedule& schedule) {
  return {"schedule.changed", description(schedule), std::nullopt};
}
RecordDraft schedule_deleted(const Schedule& schedule) {
  return {"schedule.deleted", {{"schedule", schedule.id}}, std::nullopt};
}

RecordDraft schedule_skipped(const Schedule& schedule, Timestamp at, Timestamp until,
                             const std::optional<ScheduleFault>& fault) {
  Json details = {{"schedule", schedule.id}, {"scheduled_at", format_rfc3339(at)}};
  if (until != at) details["until"] = format_rfc3339(until);
  details["reason"] = fault ? "refused" : "missed";
  if (fault) details["error"] = {{"code", fault->code}, {"message", fault->message}};
  return {"schedule.skipped", std::move(details), std::nullopt};
}

SubmitJob job_of_schedule(const Schedule& schedule, Timestamp at) {
  SubmitJob job;
  job.client_id = schedule.client_id;
  job.workflow_key = schedule.workflow_key;
  job.workflow_version = schedule.workflow_version;
  job.inputs = schedule.inputs;
  job.callback_url = schedule.callback_url;
  job.priority = schedule.priority;
  job.timeout = schedule.timeout;
  Json metadata = from_document(schedule.metadata);
  if (const auto user = metadata.find("user_id"); user != metadata.end() && user->is_string())
    job.user_id = user->get<std::string>();
  metadata["schedule_id"] = schedule.id;
  metadata["scheduled_at"] = format_rfc3339(at);
  job.metadata = to_document(metadata);
  return job;
}

}  // namespace troupe
