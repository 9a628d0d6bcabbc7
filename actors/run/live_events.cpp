#include "actors/run/live_events.hpp"

#include "audit/chain.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

LiveEventPtr make_event(const EventSubject& subject, const char* kind, const RunId& run, std::uint64_t seq, Json data) {
  data["job_id"] = to_string(subject.job);
  data["run_id"] = to_string(run);
  auto event = std::make_shared<LiveEvent>();
  event->kind = kind;
  event->job = subject.job;
  event->run = run;
  event->seq = seq;
  event->client_id = subject.client_id;
  event->workflow_key = subject.workflow_key;
  event->data = to_text(data);
  return event;
}

/// What the run's status is after a record of this action.
std::string_view run_status_after(std::string_view action) {
  if (action == "run.completed") return "success";
  if (action == "run.failed") return "failed";
  if (action == "run.cancelled") return "cancelled";
  if (action == "job.accepted" || action == "job.retried") return "pending";
  return "running";
}

/// What the status of the record's step is; empty where the record is about no step, or about an item among several.
std::string_view step_status_after(std::string_view action) {
  if (action == "step.completed") return "success";
  if (action == "step.failed") return "failed";
  if (action == "step.cancelled") return "cancelled";
  if (action == "step.skipped") return "skipped";
  if (action == "step.started" || action == "step.retrying" || action == "item.completed") return "running";
  return "";
}

Json status_data(const Json& record) {
  const std::string action = record.at("action");
  const Json details = record.value("details", Json::object());
  Json data = {
      {"seq", record.at("seq")}, {"at", record.at("at")}, {"action", action}, {"status", run_status_after(action)}};
  for (const char* member : {"step", "item", "attempt", "error", "due", "reason", "next"})
    if (details.contains(member)) data[member] = details[member];
  if (const auto status = step_status_after(action); !status.empty()) data["step_status"] = status;
  if (action == "step.retrying") data["waiting_for"] = "timer";
  return data;
}

}  // namespace

std::vector<LiveEventPtr> events_of_records(const EventSubject& subject, std::string_view records,
                                            std::uint64_t after_seq) {
  std::vector<LiveEventPtr> events;
  while (!records.empty()) {
    const std::size_t end = records.find('\n');
    const std::string_view line = records.substr(0, end);
    records.remove_prefix(end == std::string_view::npos ? records.size() : end + 1);
    const auto record = parse_json(line);
    if (!record || !record->is_object() || record->value("seq", std::uint64_t{0}) <= after_seq) continue;
    const auto run = parse_id<RunId>(record->value("run_id", std::string())).value_or(subject.job.as<RunId>());
    const Json details = record->value("details", Json::object());
    for (const Json& asset : details.value("assets", Json::array())) {
      Json data = asset;
      data["step"] = details.value("step", "");
      data["url"] = "/v1/assets/" + asset.value("id", std::string()) + "/content";
      events.push_back(make_event(subject, "asset", run, 0, std::move(data)));
    }
    events.push_back(make_event(subject, "status", run, record->value("seq", std::uint64_t{0}), status_data(*record)));
  }
  return events;
}

LiveEventPtr running_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskKey& task,
                           const std::string& worker) {
  return make_event(subject, "status", run, 0,
                    {{"action", "step.running"},
                     {"status", "running"},
                     {"step", step},
                     {"step_status", "running"},
                     {"item", task.item},
                     {"attempt", task.attempt},
                     {"worker", worker}});
}

LiveEventPtr progress_event(const EventSubject& subject, const RunId& run, const std::string& step,
                            const TaskProgress& progress) {
  return make_event(
      subject, "progress", run, 0,
      {{"step", step}, {"item", progress.task.item}, {"progress", progress.fraction}, {"message", progress.message}});
}

LiveEventPtr preview_event(const EventSubject& subject, const RunId& run, const std::string& step,
                           const TaskPreview& preview) {
  return make_event(subject, "preview", run, 0,
                    {{"step", step},
                     {"item", preview.task.item},
                     {"media_type", preview.media_type},
                     {"data", to_base64(preview.bytes)}});
}

LiveEventPtr log_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskLog& log) {
  return make_event(subject, "log", run, 0,
                    {{"step", step},
                     {"item", log.task.item},
                     {"attempt", log.task.attempt},
                     {"stream", log.stream},
                     {"text", log.text}});
}

}  // namespace troupe
