#include "actors/run/live_events.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "codec/record_reader.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

LiveEventPtr make_event(const EventSubject& subject, const char* kind, const RunId& run, std::string data,
                        std::uint64_t seq = 0, std::optional<Status> status = {}) {
  auto event = std::make_shared<LiveEvent>();
  event->kind = kind;
  event->job = subject.job;
  event->run = run;
  event->seq = seq;
  event->run_status = status;
  event->client_id = subject.client_id;
  event->workflow_key = subject.workflow_key;
  event->data = std::move(data);
  return event;
}

LiveEventPtr make_event(const EventSubject& subject, const char* kind, const RunId& run, Json data) {
  data["job_id"] = to_string(subject.job);
  data["run_id"] = to_string(run);
  return make_event(subject, kind, run, to_text(data));
}

/// What the run's status is after a record of this action.
Status run_status_after(std::string_view action) {
  if (action == "run.completed") return Status::success;
  if (action == "run.failed") return Status::failed;
  if (action == "run.cancelled") return Status::cancelled;
  if (action == "job.accepted" || action == "job.retried") return Status::pending;
  if (action == "run.held" || action == "run.admitted") return Status::pending;
  return Status::running;
}

/// What the status of the record's step is; empty where the record is about no step, or about an item among several.
std::string_view step_status_after(std::string_view action) {
  if (action == "step.completed") return "success";
  if (action == "step.failed") return "failed";
  if (action == "step.cancelled") return "cancelled";
  if (action == "step.skipped") return "skipped";
  if (action == "step.started" || action == "step.retrying" || action == "item.completed" || action == "item.failed")
    return "running";
  return "";
}

/// A member of a JSON object that has members already. `text` holds nothing that JSON escapes.
void add_text(std::string& object, std::string_view name, std::string_view text) {
  object.append(",\"").append(name).append("\":\"").append(text).append("\"");
}

bool is_told(std::string_view member) {
  constexpr std::array<std::string_view, 8> kTold{"step", "item",   "attempt", "error",
                                                  "due",  "reason", "next",    "decision"};
  return std::find(kTold.begin(), kTold.end(), member) != kTold.end();
}

// Most records of a busy server pass here, once for all who watch: text to text.
LiveEventPtr status_event(const EventSubject& subject, const RunId& run, const RecordView& record) {
  const Status status = run_status_after(record.action);
  std::string data = "{\"seq\":" + std::to_string(record.seq);
  add_text(data, "at", record.at);
  add_text(data, "action", record.action);
  add_text(data, "status", status_text(status));
  for (const auto& [name, value] : record.details)
    if (is_told(name)) data.append(",\"").append(name).append("\":").append(value);
  if (const auto step = step_status_after(record.action); !step.empty()) add_text(data, "step_status", step);
  if (record.action == "step.retrying") add_text(data, "waiting_for", "timer");
  if (record.action == "run.held") add_text(data, "waiting_for", "concurrency");
  add_text(data, "job_id", to_string(subject.job));
  add_text(data, "run_id", to_string(run));
  data += '}';
  return make_event(subject, "status", run, std::move(data), record.seq, status);
}

std::string_view detail(const RecordView& record, std::string_view name) {
  for (const auto& [member, value] : record.details)
    if (member == name) return value;
  return {};
}

void add_asset_events(const EventSubject& subject, const RunId& run, const RecordView& record,
                      std::vector<LiveEventPtr>& events) {
  const std::string_view list = detail(record, "assets");
  if (list.empty()) return;
  const auto assets = parse_json(list), step = parse_json(detail(record, "step"));
  if (!assets || !assets->is_array()) return;
  for (const Json& asset : *assets) {
    Json data = asset;
    data["step"] = step ? *step : Json("");
    data["url"] = "/v1/assets/" + asset.value("id", std::string()) + "/content";
    events.push_back(make_event(subject, "asset", run, std::move(data)));
  }
}

bool is_review(const RecordView& record) {
  return record.action == "asset.approved" || record.action == "asset.rejected";
}

/// It says nothing of the run, which may have ended before.
LiveEventPtr approval_event(const EventSubject& subject, const RunId& run, const RecordView& record) {
  std::string data = "{\"seq\":" + std::to_string(record.seq);
  add_text(data, "at", record.at);
  add_text(data, "decision", record.action.substr(std::string_view("asset.").size()));
  for (const auto& [name, value] : record.details) data.append(",\"").append(name).append("\":").append(value);
  add_text(data, "job_id", to_string(subject.job));
  add_text(data, "run_id", to_string(run));
  data += '}';
  return make_event(subject, "approval", run, std::move(data), record.seq);
}

}  // namespace

std::vector<LiveEventPtr> events_of_records(const EventSubject& subject, std::string_view records,
                                            std::uint64_t after_seq) {
  static thread_local RecordReader reader;
  std::vector<LiveEventPtr> events;
  while (!records.empty()) {
    const std::size_t end = records.find('\n');
    const RecordView* record = reader.read(records.substr(0, end));
    records.remove_prefix(end == std::string_view::npos ? records.size() : end + 1);
    if (record == nullptr || record->seq <= after_seq) continue;
    const RunId run = parse_id<RunId>(record->run_id).value_or(subject.job.as<RunId>());
    add_asset_events(subject, run, *record, events);
    events.push_back(is_review(*record) ? approval_event(subject, run, *record) : status_event(subject, run, *record));
  }
  return events;
}

LiveEventPtr running_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskKey& task,
                           const std::string& worker) {
  std::string data = R"({"action":"step.running","status":"running","step_status":"running")";
  add_text(data, "step", step);
  data += ",\"item\":" + std::to_string(task.item) + ",\"attempt\":" + std::to_string(task.attempt);
  data += ",\"worker\":" + to_text(Json(worker));
  add_text(data, "job_id", to_string(subject.job));
  add_text(data, "run_id", to_string(run));
  data += '}';
  return make_event(subject, "status", run, std::move(data), 0, Status::running);
}

LiveEventPtr progress_event(const EventSubject& subject, const RunId& run, const std::string& step,
                            const TaskProgress& progress) {
  return make_event(
      subject, "progress", run,
      {{"step", step}, {"item", progress.task.item}, {"progress", progress.fraction}, {"message", progress.message}});
}

LiveEventPtr preview_event(const EventSubject& subject, const RunId& run, const std::string& step,
                           const TaskPreview& preview) {
  return make_event(subject, "preview", run,
                    {{"step", step},
                     {"item", preview.task.item},
                     {"media_type", preview.media_type},
                     {"data", to_base64(preview.bytes)}});
}

LiveEventPtr log_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskLog& log) {
  return make_event(subject, "log", run,
                    {{"step", step},
                     {"item", log.task.item},
                     {"attempt", log.task.attempt},
                     {"stream", log.stream},
                     {"text", log.text}});
}

}  // namespace troupe
