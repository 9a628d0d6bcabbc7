// Kill switches: an operator stops work of one kind.
#include <algorithm>
#include <utility>

#include "ingress/exchange.hpp"
#include "ingress/fields.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

/// Reads as much as the domain looks at; what is of the wrong type is told here, all else by the domain's own rules.
Result<KillSwitchDraft> read_draft(const Json& body) {
  Fields fields(body);
  std::vector<std::string> of_wrong_type;
  const auto read = [&](const char* member) {
    auto text = fields.text(member, limits::kBodyBytes);
    const bool is_given = body.is_object() && body.contains(member) && !body[member].is_null();
    if (is_given && !text) of_wrong_type.push_back(std::string("/") + member);
    return text;
  };
  KillSwitchDraft draft;
  draft.scope = read("scope");
  draft.target = read("target");
  draft.mode = read("mode");
  draft.reason = read("reason");
  fields.reject_others();
  for (Fault& fault : faults_of(draft))
    if (body.is_object() && std::ranges::find(of_wrong_type, fault.pointer) == of_wrong_type.end())
      fields.fault_at(std::move(fault.pointer), std::move(fault.message));
  if (auto error = fields.error()) return *std::move(error);
  return draft;
}

void write_kill_switch(JsonWriter& json, const KillSwitch& kill_switch) {
  json.begin_object().text("id", to_string(kill_switch.id)).text("scope", scope_text(kill_switch.scope));
  json.text_or_null("target", kill_switch.target).text("mode", mode_text(kill_switch.mode));
  json.text("reason", kill_switch.reason).text("engaged_by", kill_switch.engaged_by);
  json.time("engaged_at", kill_switch.engaged_at).end_object();
}

std::string render_kill_switch(const KillSwitch& kill_switch) {
  JsonWriter json;
  write_kill_switch(json, kill_switch);
  return json.take();
}

void engage(const ExchangePtr& exchange) {
  auto draft = read_draft(exchange->body);
  if (!draft) return exchange->fail(draft.error());
  auto key = exchange->idempotency(exchange->caller.client_id.value_or("default"), canonical_json(exchange->body));
  if (!key) return exchange->fail(key.error());
  exchange->gateway.engage_kill_switch(
      exchange->caller, *std::move(draft), *std::move(key),
      [](const KillSwitch& made) {
        return KeptAnswer{201, render_kill_switch(made)};
      },
      [exchange](Result<EngagedKillSwitch> engaged) {
        if (!succeeded(exchange, engaged)) return;
        if (engaged->kept) return exchange->replay(*engaged->kept);
        exchange->json(201, render_kill_switch(engaged->kill_switch),
                       {{"Location", exchange->link("/v1/kill-switches/" + to_string(engaged->kill_switch.id))}});
      });
}

void list(const ExchangePtr& exchange) {
  const auto before = id_cursor<KillSwitchId>(exchange->query, CursorKind::kill_switch);
  const int limit = exchange->query.limit();
  if (exchange->query.error()) return exchange->fail(*exchange->query.error());
  std::vector<KillSwitch> switches = exchange->gateway.kill_switches(exchange->caller);
  if (before) std::erase_if(switches, [&](const KillSwitch& one) { return one.id >= *before; });
  const auto next = cut_page(
      switches, limit, [](const KillSwitch& one) { return encode_cursor(CursorKind::kill_switch, id_bytes(one.id)); });
  exchange->json(200, render_page(switches, next, write_kill_switch));
}

void release(const ExchangePtr& exchange) {
  const auto id = exchange->id<KillSwitchId>();
  if (!id) return exchange->fail(id.error());
  exchange->gateway.release_kill_switch(exchange->caller, *id, [exchange](Result<KillSwitch> released) {
    if (succeeded(exchange, released)) exchange->json(200, render_kill_switch(*released));
  });
}

}  // namespace

std::vector<Route> switch_routes() {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "POST",
       .path = "/v1/kill-switches",
       .id = "engageKillSwitch",
       .tag = "Operations",
       .summary = "Stop work of one kind",
       .description = "`drain`: nothing new is accepted. `pause`: nor is anything new started. `kill`: "
                      "running work is stopped too. In force at once; answered when durable.",
       .role = Role::op,
       .handle = engage,
       .headers = {kIdempotencyHeader},
       .body = BodyKind::json,
       .body_schema = "KillSwitchRequest",
       .answers = {{201, "Engaged and durable.", "KillSwitch"}},
       .errors = {ErrorCode::conflict, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}});
  routes.push_back({.method = "GET",
                    .path = "/v1/kill-switches",
                    .id = "listKillSwitches",
                    .tag = "Operations",
                    .summary = "List the kill switches that are engaged, newest first",
                    .description = "",
                    .role = Role::op,
                    .handle = list,
                    .query = {kLimitParameter, kCursorParameter},
                    .answers = {{200, "One page.", "KillSwitchPage"}}});
  routes.push_back({.method = "DELETE",
                    .path = "/v1/kill-switches/{id}",
                    .id = "releaseKillSwitch",
                    .tag = "Operations",
                    .summary = "Release a kill switch",
                    .description = "What it held back goes on where it was. What it killed stays ended; retry it.",
                    .role = Role::op,
                    .handle = release,
                    .answers = {{200, "Released: the switch as it was.", "KillSwitch"}},
                    .errors = {ErrorCode::conflict}});
  return routes;
}

}  // namespace troupe::ingress
