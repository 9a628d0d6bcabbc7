#include "ingress/schedule_body.hpp"

#include <algorithm>

#include "ingress/fields.hpp"
#include "ingress/job_body.hpp"

namespace troupe::ingress {
namespace {

constexpr std::size_t kIdChars = 128;
constexpr std::size_t kZoneBytes = 256;

void read_id(Fields& fields, const std::string* path_id, Schedule& schedule) {
  const auto id = fields.text("id", kIdChars);
  schedule.id = path_id ? *path_id : id.value_or("");
  if (path_id && id && *id != *path_id) fields.fault("id", "must be the id in the path, or absent");
  if (!path_id && id && !is_client_job_id(*id))
    fields.fault("id", "must be 1 to 128 of A-Z a-z 0-9 . _ : - and not in the form of a UUID");
}

void read_times(Fields& fields, Schedule& schedule, const FindTimeZone& time_zone) {
  fields.require("cron");
  if (auto cron = fields.text("cron", kCronBytes)) {
    if (const auto parsed = parse_cron(*cron); !parsed) fields.fault("cron", parsed.error().message);
    schedule.cron = *std::move(cron);
  }
  if (auto zone = fields.text("time_zone", kZoneBytes)) {
    if (const auto found = time_zone(*zone); !found) fields.fault("time_zone", found.error().message);
    schedule.time_zone = *std::move(zone);
  }
  if (const auto policy = fields.text("missed_run_policy", kZoneBytes)) {
    const auto known = missed_runs_from_text(*policy);
    if (!known) fields.fault("missed_run_policy", "must be skip, once or all");
    schedule.missed_runs = known.value_or(MissedRuns::skip);
  }
}

void check_metadata(Fields& fields, const Json& body, const Document& metadata) {
  if (metadata.size() > kScheduleMetadataBytes)
    fields.fault("metadata", "must have at most " + std::to_string(kScheduleMetadataBytes) + " bytes");
  if (!metadata.present()) return;
  for (const char* ours : {"schedule_id", "scheduled_at"})
    if (body.at("metadata").contains(ours))
      fields.fault_at(std::string("/metadata/") + ours, "is set by the server in each job");
}

}  // namespace

bool is_schedule_id(std::string_view text) { return is_client_job_id(text) || parse_uuid(text).has_value(); }

Result<PutSchedule> read_schedule(const Json& body, const Caller& caller, const std::string* path_id,
                                  const FindTimeZone& time_zone) {
  Fields fields(body);
  PutSchedule command;
  Schedule& schedule = command.wanted;
  read_id(fields, path_id, schedule);
  read_times(fields, schedule, time_zone);
  command.enabled = fields.flag("enabled");
  SubmitJob work = read_work(fields, body);
  check_metadata(fields, body, work.metadata);
  fields.reject_others();
  if (auto error = fields.error()) return std::move(*error);

  auto client = client_of(body, caller);
  if (!client) return client.error();
  schedule.client_id = *std::move(client);
  schedule.workflow_key = std::move(work.workflow_key);
  schedule.workflow_version = work.workflow_version;
  schedule.inputs = std::move(work.inputs);
  schedule.metadata = std::move(work.metadata);
  schedule.callback_url = std::move(work.callback_url);
  schedule.priority = work.priority;
  schedule.timeout = work.timeout;
  return command;
}

}  // namespace troupe::ingress
