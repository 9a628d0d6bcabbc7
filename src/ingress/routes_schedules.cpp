// Schedules: jobs that the clock begins.
#include <utility>

#include "ingress/exchange.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"
#include "ingress/schedule_body.hpp"

namespace troupe::ingress {
namespace {

/// The id in the path; nothing, and the answer is given, where it is none.
const std::string* path_id(const ExchangePtr& exchange) {
  const std::string& id = exchange->path[0];
  if (is_schedule_id(id)) return &id;
  exchange->fail(ErrorCode::invalid_id, "A schedule is named by 1 to 128 of A-Z a-z 0-9 . _ : -.");
  return nullptr;
}

void answer_put(const ExchangePtr& exchange, const ScheduleChange& change) {
  if (change.kept) return exchange->replay(*change.kept);
  Headers headers;
  if (change.created) headers.emplace_back("Location", exchange->link("/v1/schedules/" + change.view.schedule.id));
  exchange->json(change.created ? 201 : 200, render_schedule(change.view, exchange->options.public_url),
                 std::move(headers));
}

void put(const ExchangePtr& exchange, PutSchedule command) {
  exchange->gateway.put_schedule(
      exchange->caller, std::move(command),
      [base = exchange->options.public_url](const ScheduleChange& change) {
        return KeptAnswer{change.created ? 201 : 200, render_schedule(change.view, base)};
      },
      [exchange](Result<ScheduleChange> change) {
        if (succeeded(exchange, change)) answer_put(exchange, *change);
      });
}

void create_schedule(const ExchangePtr& exchange) {
  auto command = read_schedule(exchange->body, exchange->caller, nullptr, exchange->options.time_zone);
  if (!command) return exchange->fail(command.error());
  auto key = exchange->idempotency(command->wanted.client_id, canonical_json(exchange->body));
  if (!key) return exchange->fail(key.error());
  command->idempotency = std::move(*key);
  put(exchange, *std::move(command));
}

void put_schedule(const ExchangePtr& exchange) {
  const std::string* id = path_id(exchange);
  if (!id) return;
  auto command = read_schedule(exchange->body, exchange->caller, id, exchange->options.time_zone);
  if (!command) return exchange->fail(command.error());
  command->replace = true;
  put(exchange, *std::move(command));
}

void list_schedules(const ExchangePtr& exchange) {
  auto client = exchange->client();
  if (!client) return exchange->fail(client.error());
  ScheduleQuery query;
  query.client_id = std::move(*client);
  query.workflow_key = exchange->query.text("workflow_key");
  query.after = exchange->query.cursor(CursorKind::schedule).value_or("");
  const int limit = exchange->query.limit();
  if (exchange->query.error()) return exchange->fail(*exchange->query.error());
  query.limit = limit + 1;  // one more tells whether there is a next page
  exchange->gateway.schedules(exchange->caller, std::move(query), [=](Result<std::vector<ScheduleView>> schedules) {
    if (!succeeded(exchange, schedules)) return;
    const auto next = cut_page(*schedules, limit, [](const ScheduleView& view) {
      return encode_cursor(CursorKind::schedule, view.schedule.id);
    });
    exchange->json(200, render_page(*schedules, next, [&](JsonWriter& json, const ScheduleView& view) {
                     write_schedule_summary(json, view, exchange->options.public_url);
                   }));
  });
}

Reply<ScheduleView> answer_schedule(const ExchangePtr& exchange) {
  return [exchange](Result<ScheduleView> view) {
    if (succeeded(exchange, view)) exchange->json(200, render_schedule(*view, exchange->options.public_url));
  };
}

void get_schedule(const ExchangePtr& exchange) {
  if (const std::string* id = path_id(exchange))
    exchange->gateway.schedule(exchange->caller, *id, answer_schedule(exchange));
}

void delete_schedule(const ExchangePtr& exchange) {
  const std::string* id = path_id(exchange);
  if (!id) return;
  exchange->gateway.delete_schedule(exchange->caller, *id, [exchange](Result<Done> removed) {
    if (!succeeded(exchange, removed)) return;
    Response response;
    response.status = 204;
    exchange->respond(std::move(response));
  });
}

void set_enabled(const ExchangePtr& exchange, bool enabled) {
  if (const std::string* id = path_id(exchange))
    exchange->gateway.set_schedule_enabled(exchange->caller, *id, enabled, answer_schedule(exchange));
}
void enable_schedule(const ExchangePtr& exchange) { set_enabled(exchange, true); }
void disable_schedule(const ExchangePtr& exchange) { set_enabled(exchange, false); }

void trigger_schedule(const ExchangePtr& exchange) {
  const std::string* id = path_id(exchange);
  if (!id) return;
  auto key = exchange->idempotency(exchange->caller.client_id.value_or("default"), "");
  if (!key) return exchange->fail(key.error());
  exchange->gateway.trigger_schedule(
      exchange->caller, *id, std::move(*key),
      [base = exchange->options.public_url](const AcceptedJob& job) {
        return KeptAnswer{202, render_accepted(job, base)};
      },
      [exchange](Result<AcceptedJob> job) {
        if (!succeeded(exchange, job)) return;
        if (job->kept) return exchange->replay(*job->kept);
        exchange->json(202, render_accepted(*job, exchange->options.public_url),
                       {{"Location", exchange->link("/v1/jobs/" + to_string(job->id))}});
      });
}

}  // namespace

std::vector<Route> schedule_routes() {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "POST",
       .path = "/v1/schedules",
       .id = "createSchedule",
       .tag = "Schedules",
       .summary = "Make a schedule",
       .description = "The same id with the same content changes nothing and gives 200, other content 409.",
       .role = Role::op,
       .handle = create_schedule,
       .headers = {kIdempotencyHeader},
       .body = BodyKind::json,
       .body_schema = "ScheduleRequest",
       .answers = {{201, "It is stored, and in force.", "Schedule"}, {200, "It was there already.", "Schedule"}},
       .errors = {ErrorCode::conflict, ErrorCode::unknown_workflow, ErrorCode::timeout_too_large,
                  ErrorCode::not_supported, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  routes.push_back({.method = "GET",
                    .path = "/v1/schedules",
                    .id = "listSchedules",
                    .tag = "Schedules",
                    .summary = "List schedules, by id",
                    .description = "Without inputs and metadata.",
                    .role = Role::viewer,
                    .handle = list_schedules,
                    .query = {kClientParameter, kWorkflowParameter, kLimitParameter, kCursorParameter},
                    .answers = {{200, "One page.", "SchedulePage"}}});
  routes.push_back({.method = "GET",
                    .path = "/v1/schedules/{id}",
                    .id = "getSchedule",
                    .tag = "Schedules",
                    .summary = "One schedule, with its next five times",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_schedule,
                    .answers = {{200, "The schedule.", "Schedule"}}});
  routes.push_back(
      {.method = "PUT",
       .path = "/v1/schedules/{id}",
       .id = "putSchedule",
       .tag = "Schedules",
       .summary = "Make a schedule, or replace it",
       .description =
           "Its times stay as they are unless `cron` or `time_zone` change; whether it is enabled stays unless "
           "`enabled` says so.",
       .role = Role::op,
       .handle = put_schedule,
       .body = BodyKind::json,
       .body_schema = "ScheduleRequest",
       .answers = {{201, "It is new.", "Schedule"}, {200, "It was there.", "Schedule"}},
       .errors = {ErrorCode::conflict, ErrorCode::unknown_workflow, ErrorCode::timeout_too_large,
                  ErrorCode::not_supported}});
  routes.push_back({.method = "DELETE",
                    .path = "/v1/schedules/{id}",
                    .id = "deleteSchedule",
                    .tag = "Schedules",
                    .summary = "Remove a schedule",
                    .description = "Its jobs stay and go on.",
                    .role = Role::op,
                    .handle = delete_schedule,
                    .answers = {{204, "It is gone.", "", ""}}});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/schedules/{id}/enable",
       .id = "enableSchedule",
       .tag = "Schedules",
       .summary = "Begin jobs again",
       .description = "From now on: nothing of the time before is made up for. Doing it twice changes nothing.",
       .role = Role::op,
       .handle = enable_schedule,
       .answers = {{200, "The schedule.", "Schedule"}}});
  routes.push_back({.method = "POST",
                    .path = "/v1/schedules/{id}/disable",
                    .id = "disableSchedule",
                    .tag = "Schedules",
                    .summary = "Begin no jobs",
                    .description = "Running jobs go on. Doing it twice changes nothing.",
                    .role = Role::op,
                    .handle = disable_schedule,
                    .answers = {{200, "The schedule.", "Schedule"}}});
  routes.push_back(
      {.method = "POST",
       .path = "/v1/schedules/{id}/trigger",
       .id = "triggerSchedule",
       .tag = "Schedules",
       .summary = "Begin one job now",
       .description = "Also of a disabled schedule; its times stay as they are.",
       .role = Role::op,
       .handle = trigger_schedule,
       .headers = {kIdempotencyHeader, kTraceHeader},
       .begins_work = true,
       .answers = {{202, "Accepted and durable.", "AcceptedJob"}},
       .errors = {ErrorCode::unknown_workflow, ErrorCode::workflow_disabled, ErrorCode::kill_switch_engaged,
                  ErrorCode::validation_failed, ErrorCode::timeout_too_large, ErrorCode::idempotency_key_reused,
                  ErrorCode::idempotency_key_in_flight}});
  return routes;
}

}  // namespace troupe::ingress
