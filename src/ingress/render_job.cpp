#include <algorithm>

#include "codec/json.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void write_links(JsonWriter& json, const JobId& id, std::string_view base) {
  const std::string self = std::string(base) + "/v1/jobs/" + to_string(id);
  json.begin_object("links").text("self", self).text("events", self + "/events").text("cancel", self + "/cancel");
  json.end_object();
}

/// Until now, while the end is not known.
void write_duration(JsonWriter& json, std::string_view name, Timestamp from, Timestamp to, Timestamp now) {
  if (from == kNever) return static_cast<void>(json.null(name));
  const auto duration = std::max(Millis(0), (to == kNever ? now : to) - from);
  json.real(name, std::chrono::duration<double>(duration).count());
}

/// A member of the job's stored request; null if it has none.
void write_spec_member(JsonWriter& json, const Json& spec, const char* name) {
  const auto found = spec.find(name);
  if (found == spec.end())
    json.null(name);
  else
    json.raw(name, to_text(*found));
}

void write_parent(JsonWriter& json, const Json& spec) {
  const auto parent = spec.find("parent");
  if (parent == spec.end()) return static_cast<void>(json.null("parent"));
  Json shown = Json::object();
  for (const char* member : {"job_id", "run_id", "step"}) shown[member] = parent->value(member, "");
  json.raw("parent", to_text(shown));
}

void write_job_head(JsonWriter& json, const JobView& job, std::string_view base) {
  const JobRow& row = job.row;
  const RunView& run = job.newest;
  json.text("id", to_string(row.id));
  json.text("job_id", shown_job_id(row.id, row.job_id));
  json.text("client_id", row.client_id);
  json.text("workflow_key", row.workflow_key);
  json.number("workflow_version", run.workflow_version ? run.workflow_version : row.workflow_version);
  json.text("status", status_text(run.status));
  json.text_or_null("waiting_for", waiting_text(run.waiting_for));
  json.real("progress", run.progress);
  json.text("message", run.message);
  json.number("priority", row.priority);
  json.text_or_null("user_id", row.user_id);
  json.text("execution_id", to_string(run.id));
  json.time("created_at", row.created_at);
  json.time("started_at", run.started_at);
  json.time("completed_at", run.ended_at);
  json.time("updated_at", run.updated_at);
  json.document("error", run.error);
  write_links(json, row.id, base);
}

/// Of the newest run; `total` from the moment the job was taken.
void write_timings(JsonWriter& json, const JobView& job, Timestamp now) {
  const RunView& run = job.newest;
  json.begin_object("timings");
  write_duration(json, "queued_seconds", run.created_at, run.started_at == kNever ? run.ended_at : run.started_at, now);
  write_duration(json, "running_seconds", run.started_at, run.ended_at, now);
  write_duration(json, "total_seconds", job.row.created_at, run.ended_at, now);
  json.end_object();
}

/// While it is open.
void write_forecast(JsonWriter& json, const RunView& run) {
  if (has_ended(run.status)) return;
  json.time("estimated_completion", run.estimated_completion);
  if (!run.queue) return;
  json.begin_object("queue").number("position", run.queue->position);
  json.time("estimated_start", run.queue->estimated_start).end_object();
}

}  // namespace

std::string shown_job_id(const JobId& id, const std::string& chosen) { return chosen.empty() ? to_string(id) : chosen; }

std::string render_accepted(const AcceptedJob& job, std::string_view base) {
  JsonWriter json;
  json.begin_object();
  json.text("job_id", shown_job_id(job.id, job.job_id));
  json.text("id", to_string(job.id));
  json.text("execution_id", to_string(job.run));
  json.text("status", status_text(job.status));
  json.text("message", "The job is accepted and stored.");
  json.time("accepted_at", job.accepted_at);
  json.time("estimated_completion", job.estimated_completion);
  write_links(json, job.id, base);
  json.end_object();
  return json.take();
}

std::string render_change(const JobChange& change, std::string_view message, std::string_view base) {
  JsonWriter json;
  json.begin_object();
  json.text("job_id", shown_job_id(change.id, change.job_id));
  json.text("id", to_string(change.id));
  json.text("execution_id", to_string(change.run));
  json.text("status", status_text(change.status));
  json.text("message", message);
  write_links(json, change.id, base);
  json.end_object();
  return json.take();
}

void write_job_summary(JsonWriter& json, const JobView& job, std::string_view base) {
  json.begin_object();
  write_job_head(json, job, base);
  json.end_object();
}

std::string render_job(const JobView& job, std::string_view base, Timestamp now) {
  const Json spec = from_document(job.row.spec);
  JsonWriter json;
  json.begin_object();
  write_job_head(json, job, base);
  json.document("inputs", job.newest.inputs);
  for (const char* member : {"metadata", "callback_url", "timeout_seconds"}) write_spec_member(json, spec, member);
  write_parent(json, spec);
  json.document("outputs", job.newest.outputs);
  write_timings(json, job, now);
  write_forecast(json, job.newest);
  write_steps(json, job.newest.steps);
  json.begin_array("assets");
  for (const AssetRow& asset : job.newest.assets) write_asset(json, asset, job.newest, base);
  json.end_array();
  json.begin_array("runs");
  for (const RunView& run : job.runs) {
    json.begin_object();
    write_run_details(json, run, base);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

std::string render_job_status(const JobView& job) {
  JsonWriter json;
  json.begin_object();
  json.text("job_id", shown_job_id(job.row.id, job.row.job_id));
  json.text("status", status_text(job.newest.status));
  json.real("progress", job.newest.progress);
  json.text("message", job.newest.message);
  json.text_or_null("waiting_for", waiting_text(job.newest.waiting_for));
  json.time("updated_at", job.newest.updated_at);
  write_forecast(json, job.newest);
  json.end_object();
  return json.take();
}

}  // namespace troupe::ingress
