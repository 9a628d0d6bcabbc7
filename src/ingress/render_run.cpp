#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void write_attempt(JsonWriter& json, const AttemptView& attempt) {
  json.begin_object();
  json.number("item", attempt.item);
  json.number("attempt", attempt.attempt);
  json.flag("compensation", attempt.compensation);
  json.text("status", status_text(attempt.status));
  json.text_or_null("worker", attempt.worker);
  json.time("started_at", attempt.started_at);
  json.time("completed_at", attempt.ended_at);
  json.document("error", attempt.error);
  json.number("log_bytes", attempt.log_bytes);
  json.end_object();
}

void write_doubt(JsonWriter& json, const Doubt& doubt) {
  json.begin_object();
  json.number("item", doubt.item);
  json.number("attempt", doubt.attempt);
  json.flag("compensation", doubt.compensation);
  json.time("since", doubt.since);
  json.end_object();
}

void write_step(JsonWriter& json, const StepView& step) {
  json.begin_object();
  json.text("name", step.name);
  json.text("type", step_type_text(step.type));
  json.text("status", status_text(step.status));
  json.text_or_null("waiting_for", waiting_text(step.waiting_for));
  json.real("progress", step.progress);
  json.text("message", step.message);
  json.flag("for_each", step.for_each);
  json.number("items", step.items);
  json.number("items_done", step.items_done);
  json.number("items_failed", step.items_failed);
  json.time("started_at", step.started_at);
  json.time("completed_at", step.ended_at);
  json.document("outputs", step.outputs);
  json.document("error", step.error);
  json.text_or_null("compensation", step.compensation ? status_text(*step.compensation) : std::string_view());
  json.text_or_null("reused_from", step.result_run.is_nil() ? std::string() : to_string(step.result_run));
  json.begin_array("attempts");
  for (const AttemptView& attempt : step.attempts) write_attempt(json, attempt);
  json.end_array();
  json.begin_array("in_doubt");
  for (const Doubt& doubt : step.in_doubt) write_doubt(json, doubt);
  json.end_array();
  json.end_object();
}

void write_run_head(JsonWriter& json, const RunView& run, std::string_view base) {
  const std::string self = std::string(base) + "/v1/runs/" + to_string(run.id);
  json.text("id", to_string(run.id));
  json.text("job_id", shown_job_id(run.job, run.client_job_id));
  json.text("client_id", run.client_id);
  json.text("workflow_key", run.workflow_key);
  json.number("workflow_version", run.workflow_version);
  json.number("number", run.number);
  json.text("status", status_text(run.status));
  json.text_or_null("waiting_for", waiting_text(run.waiting_for));
  json.real("progress", run.progress);
  json.text("message", run.message);
  json.number("recoveries", run.recoveries);
  json.time("created_at", run.created_at);
  json.time("started_at", run.started_at);
  json.time("completed_at", run.ended_at);
  json.time("updated_at", run.updated_at);
  json.document("error", run.error);
  json.begin_object("links");
  json.text("self", self);
  json.text("job", std::string(base) + "/v1/jobs/" + to_string(run.job));
  json.text("logs", self + "/logs");
  json.end_object();
}

void write_review(JsonWriter& json, const AssetId& image, const std::string& reviewer, bool approved,
                  const std::string& notes, Timestamp at) {
  json.begin_object();
  json.text("image_id", to_string(image));
  json.text("reviewer", reviewer);
  json.text("decision", review_status_text(approved ? ReviewStatus::approved : ReviewStatus::rejected));
  json.text("notes", notes);
  json.time("decided_at", at);
  json.end_object();
}

void write_retry(JsonWriter& json, const RunView& run) {
  const RetryView retry = run.retry.value_or(RetryView{});
  json.text_or_null("retry_of", run.retry ? to_string(retry.of) : std::string());
  json.text_or_null("from_step", retry.from_step);
  json.text_or_null("requested_by", retry.requested_by);
}

bool is_image(const AssetRow& asset) { return asset.media_type.starts_with("image/"); }

}  // namespace

void write_steps(JsonWriter& json, const std::vector<StepView>& steps) {
  json.begin_array("steps");
  for (const StepView& step : steps) write_step(json, step);
  json.end_array();
}

void write_run_summary(JsonWriter& json, const RunView& run, std::string_view base) {
  json.begin_object();
  write_run_head(json, run, base);
  json.end_object();
}

void write_run_details(JsonWriter& json, const RunView& run, std::string_view base) {
  write_run_head(json, run, base);
  write_retry(json, run);
  json.document("inputs", run.inputs);
  json.document("outputs", run.outputs);
  write_steps(json, run.steps);
  json.begin_array("images");
  for (const AssetRow& asset : run.assets)
    if (is_image(asset)) write_asset(json, asset, run, base);
  json.end_array();
  json.begin_array("assets");
  for (const AssetRow& asset : run.assets) write_asset(json, asset, run, base);
  json.end_array();
  json.begin_array("reviews");
  for (const ReviewRow& review : run.reviews)
    write_review(json, review.asset, review.reviewer, review.approved, review.notes, review.decided_at);
  json.end_array();
}

std::string render_reviews(const JobChange& change) {
  JsonWriter json;
  json.begin_object();
  json.text("run_id", to_string(change.run));
  json.text("job_id", shown_job_id(change.id, change.job_id));
  json.text("status", status_text(change.status));
  json.begin_array("reviews");
  for (const Review& review : change.reviews)
    write_review(json, review.asset, review.reviewer, review.approved, review.notes, review.at);
  json.end_array();
  json.end_object();
  return json.take();
}

std::string render_run(const RunView& run, std::string_view base) {
  JsonWriter json;
  json.begin_object();
  write_run_details(json, run, base);
  json.end_object();
  return json.take();
}

}  // namespace troupe::ingress
