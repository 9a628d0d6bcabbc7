#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void number_if_any(JsonWriter& json, std::string_view name, const std::optional<std::uint64_t>& number) {
  if (number) json.number(name, *number);
}

void write_queues(JsonWriter& json, const std::vector<ActorView::Depth>& queues) {
  json.begin_array("queues");
  for (const ActorView::Depth& queue : queues) {
    json.begin_object().text("type", step_type_text(queue.type));
    json.number("priority", static_cast<std::uint64_t>(queue.priority)).number("waiting", queue.waiting).end_object();
  }
  json.end_array();
}

void write_actor(JsonWriter& json, const ActorView& actor) {
  json.begin_object().text("id", actor.id).text("kind", actor.kind);
  json.text("state", actor_condition_text(actor.condition));
  json.number("restarts", actor.restarts).number("restarts_in_window", actor.restarts_in_window);
  json.text_or_null("last_error", actor.last_error).time("failed_at", actor.failed_at);
  json.time("next_start_at", actor.next_start_at);
  if (actor.mailbox)
    json.number("mailbox", *actor.mailbox)
        .number("answered_after_ms", static_cast<std::uint64_t>(actor.answered_after.count()));
  else
    json.null("mailbox").null("answered_after_ms");
  if (actor.at_work_for)
    json.number("at_work_for_ms", static_cast<std::uint64_t>(actor.at_work_for->count()));
  else
    json.null("at_work_for_ms");
  number_if_any(json, "slots", actor.slots);
  number_if_any(json, "busy", actor.busy);
  number_if_any(json, "waiting", actor.waiting);
  number_if_any(json, "live_jobs", actor.live_jobs);
  if (actor.kind == "broker") write_queues(json, actor.queues);
  json.begin_array("children");
  for (const ActorView& child : actor.children) write_actor(json, child);
  json.end_array().end_object();
}

}  // namespace

std::string render_actors(const ActorView& root) {
  JsonWriter json;
  write_actor(json, root);
  return json.take();
}

}  // namespace troupe::ingress
