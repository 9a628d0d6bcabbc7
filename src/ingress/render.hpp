// Views of the core as JSON text, in the shapes that docs and openapi.cpp promise. `base` is the prefix of links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingress/json_writer.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

// render_job.cpp
/// The answer to a job that was taken: what `202` says, now and whenever it is repeated.
std::string render_accepted(const AcceptedJob& job, std::string_view base);
/// The answer to a cancel or a retry.
std::string render_reviews(const JobChange& change);
std::string render_change(const JobChange& change, std::string_view message, std::string_view base);
/// `now`: durations of what has not ended are told until then.
std::string render_job(const JobView& job, std::string_view base, Timestamp now);
std::string render_job_status(const JobView& job);
/// For lists: what is known without looking into documents.
void write_job_summary(JsonWriter& json, const JobView& job, std::string_view base);
/// What people call a job: the id its client chose, else the UUID.
std::string shown_job_id(const JobId& id, const std::string& chosen);

// render_run.cpp
std::string render_run(const RunView& run, std::string_view base);
void write_run_summary(JsonWriter& json, const RunView& run, std::string_view base);
/// With outputs, error, steps and assets, as members of the object that is open.
void write_run_details(JsonWriter& json, const RunView& run, std::string_view base);
void write_steps(JsonWriter& json, const std::vector<StepView>& steps);

// render_asset.cpp
std::string render_asset(const AssetView& asset, std::string_view base);
void write_asset(JsonWriter& json, const AssetRow& asset, ReviewStatus status, std::string_view base);
/// The asset of a run, with what was decided about it.
void write_asset(JsonWriter& json, const AssetRow& asset, const RunView& run, std::string_view base);

// render_workflow.cpp
std::string render_applied(const AppliedWorkflow& workflow);
std::string render_workflow(const WorkflowView& workflow);
void write_workflow_summary(JsonWriter& json, const WorkflowView& workflow);

// render_schedule.cpp
std::string render_schedule(const ScheduleView& schedule, std::string_view base);
/// For lists: without inputs and metadata, and only the next of its times.
void write_schedule_summary(JsonWriter& json, const ScheduleView& schedule, std::string_view base);

// render_actors.cpp
std::string render_actors(const ActorView& root);

/// `{"items": […], "next_cursor": …}`; `write` writes one element. An empty cursor is null.
template <class Items, class Write>
std::string render_page(const Items& items, std::string_view next_cursor, Write write) {
  JsonWriter json;
  json.begin_object().begin_array("items");
  for (const auto& item : items) write(json, item);
  json.end_array().text_or_null("next_cursor", next_cursor).end_object();
  return json.take();
}

}  // namespace troupe::ingress
