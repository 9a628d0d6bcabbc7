#include "codec/schedule_codec.hpp"

namespace troupe {
namespace {

void put_time(Json& json, const char* name, Timestamp at) {
  if (at != kNever) json[name] = to_unix_ms(at);
}
Timestamp get_time(const Json& json, const char* name) { return from_unix_ms(json.value(name, std::int64_t{0})); }

void put_document(Json& json, const char* name, const Document& document) {
  if (document.present()) json[name] = from_document(document);
}
Document get_document(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? Document() : to_document(*found);
}

Schedule read(const std::string& id, const Json& json) {
  Schedule schedule;
  schedule.id = id;
  schedule.client_id = json.at("client_id").get<std::string>();
  schedule.workflow_key = json.at("workflow_key").get<std::string>();
  schedule.workflow_version = json.value("workflow_version", 0U);
  schedule.cron = json.at("cron").get<std::string>();
  schedule.time_zone = json.at("time_zone").get<std::string>();
  schedule.inputs = get_document(json, "inputs");
  schedule.metadata = get_document(json, "metadata");
  schedule.callback_url = json.value("callback_url", "");
  schedule.priority = json.at("priority").get<std::uint8_t>();
  if (json.contains("timeout_ms")) schedule.timeout = Millis(json.at("timeout_ms").get<std::int64_t>());
  schedule.missed_runs = missed_runs_from_text(json.at("missed_runs").get<std::string>()).value_or(MissedRuns::skip);
  schedule.enabled = json.at("enabled").get<bool>();
  schedule.created_at = get_time(json, "created_at");
  schedule.created_by = json.value("created_by", "");
  schedule.updated_at = get_time(json, "updated_at");
  schedule.next_at = get_time(json, "next_at");
  schedule.last_at = get_time(json, "last_at");
  if (json.contains("last_job"))
    schedule.last_job = parse_id<JobId>(json.at("last_job").get<std::string>()).value_or(JobId{});
  if (const auto fault = json.find("last_fault"); fault != json.end())
    schedule.last_fault = ScheduleFault{fault->at("code").get<std::string>(), fault->at("message").get<std::string>(),
                                        get_time(*fault, "at")};
  return schedule;
}

}  // namespace

Document encode_schedule(const Schedule& schedule) {
  Json json = {{"client_id", schedule.client_id}, {"workflow_key", schedule.workflow_key},
               {"cron", schedule.cron},           {"time_zone", schedule.time_zone},
               {"priority", schedule.priority},   {"missed_runs", missed_runs_text(schedule.missed_runs)},
               {"enabled", schedule.enabled},     {"created_by", schedule.created_by}};
  if (schedule.workflow_version != 0) json["workflow_version"] = schedule.workflow_version;
  put_document(json, "inputs", schedule.inputs);
  put_document(json, "metadata", schedule.metadata);
  if (!schedule.callback_url.empty()) json["callback_url"] = schedule.callback_url;
  if (schedule.timeout) json["timeout_ms"] = schedule.timeout->count();
  put_time(json, "created_at", schedule.created_at);
  put_time(json, "updated_at", schedule.updated_at);
  put_time(json, "next_at", schedule.next_at);
  put_time(json, "last_at", schedule.last_at);
  if (!schedule.last_job.is_nil()) json["last_job"] = to_string(schedule.last_job);
  if (const auto& fault = schedule.last_fault) {
    json["last_fault"] = {{"code", fault->code}, {"message", fault->message}};
    put_time(json["last_fault"], "at", fault->at);
  }
  return to_document(json);
}

Result<Schedule> decode_schedule(const std::string& id, const Document& document) {
  const auto corrupt = [&](const std::string& why) {
    return Error{ErrorCode::store_corrupt, "the schedule " + id + " cannot be read: " + why, false, {}};
  };
  const auto json = parse_json(document.view());
  if (!json) return corrupt(json.error().message);
  try {
    return read(id, *json);
  } catch (const Json::exception& wrong) {
    return corrupt(wrong.what());
  }
}

}  // namespace troupe
