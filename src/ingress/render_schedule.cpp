#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void write_head(JsonWriter& json, const Schedule& schedule) {
  json.text("id", schedule.id).text("client_id", schedule.client_id).text("workflow_key", schedule.workflow_key);
  if (schedule.workflow_version == 0)
    json.null("workflow_version");
  else
    json.number("workflow_version", schedule.workflow_version);
  json.text("cron", schedule.cron).text("time_zone", schedule.time_zone);
  json.text("missed_run_policy", missed_runs_text(schedule.missed_runs)).flag("enabled", schedule.enabled);
  json.time("next_at", schedule.next_at).time("last_at", schedule.last_at);
  json.text_or_null("last_job_id", schedule.last_job.is_nil() ? std::string() : to_string(schedule.last_job));
  if (const auto& fault = schedule.last_fault) {
    json.begin_object("last_error").text("code", fault->code).text("message", fault->message);
    json.time("at", fault->at).end_object();
  } else {
    json.null("last_error");
  }
  json.time("created_at", schedule.created_at).text("created_by", schedule.created_by);
  json.time("updated_at", schedule.updated_at);
}

void write_links(JsonWriter& json, const Schedule& schedule, std::string_view base) {
  const std::string self = std::string(base) + "/v1/schedules/" + schedule.id;
  json.begin_object("links").text("self", self).text("trigger", self + "/trigger").end_object();
}

void write_object(JsonWriter& json, std::string_view name, const Document& document) {
  json.raw(name, document.present() ? document.view() : "{}");
}

}  // namespace

void write_schedule_summary(JsonWriter& json, const ScheduleView& view, std::string_view base) {
  json.begin_object();
  write_head(json, view.schedule);
  write_links(json, view.schedule, base);
  json.end_object();
}

std::string render_schedule(const ScheduleView& view, std::string_view base) {
  const Schedule& schedule = view.schedule;
  JsonWriter json;
  json.begin_object();
  write_head(json, schedule);
  json.begin_array("next_times");
  for (const Timestamp at : view.next_times) json.element_text(format_rfc3339(at));
  json.end_array();
  write_object(json, "inputs", schedule.inputs);
  write_object(json, "metadata", schedule.metadata);
  json.number("priority", schedule.priority);
  if (schedule.timeout)
    json.real("timeout_seconds", std::chrono::duration<double>(*schedule.timeout).count());
  else
    json.null("timeout_seconds");
  json.text_or_null("callback_url", schedule.callback_url);
  write_links(json, schedule, base);
  json.end_object();
  return json.take();
}

}  // namespace troupe::ingress
