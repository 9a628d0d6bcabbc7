// Kill switches: engage, release, list. In force in memory before the commit, told to the actors after it.
#include "actors/switches/kill_switches.hpp"

#include "actors/ingress/node_gateway.hpp"
#include "actors/run/run_change.hpp"
#include "codec/kill_switch_codec.hpp"
#include "codec/unavailable.hpp"

namespace troupe {
namespace {

/// Whoever is tied to a client may stop that client's work, and no other's.
bool is_own(const Caller& caller, const KillSwitch& kill_switch) {
  return !caller.client_id || (kill_switch.scope == SwitchScope::client && kill_switch.target == *caller.client_id);
}

/// A misspelt name would stop nothing, and say so to nobody. Empty: there is such a thing.
std::string fault_of_target(const NodeContext& node, const KillSwitch& kill_switch) {
  const std::string& target = kill_switch.target;
  if (kill_switch.scope == SwitchScope::workflow && node.workflows.find(target, 0).newest == 0)
    return "there is no workflow with this key";
  if (kill_switch.scope == SwitchScope::pool && target != kOnlyPool)
    return "there is no such pool: the only one is \"" + std::string(kOnlyPool) + "\"";
  if (kill_switch.scope == SwitchScope::node && target != node.node_name)
    return "there is no such node: this one is \"" + node.node_name + "\"";
  return {};
}

}  // namespace

Result<KillSwitch> NodeGateway::make_kill_switch(const Caller& caller, const KillSwitchDraft& draft) {
  auto made = troupe::resolve(draft);
  if (!made) return made.error();
  if (std::string fault = fault_of_target(node_, *made); !fault.empty())
    return Error{ErrorCode::validation_failed, "there is no " + describe_scope(*made), false, {{"/target", fault}}};
  if (!is_own(caller, *made))
    return {ErrorCode::forbidden, "the credential may stop only the client " + *caller.client_id};
  {
    const std::lock_guard lock(ids_mutex_);
    made->id = ids_.make<KillSwitchId>(options_.slots.front());
  }
  made->engaged_by = caller.name;
  made->engaged_at = made->id.created_at();
  return made;
}

void NodeGateway::engage_kill_switch(const Caller& caller, KillSwitchDraft draft, std::optional<IdempotencyKey> key,
                                     std::function<KeptAnswer(const KillSwitch&)> render,
                                     Reply<EngagedKillSwitch> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  if (!key) {
    const auto made = make_kill_switch(caller, draft);
    if (!made) return reply(made.error());
    return engage(caller, *made, std::nullopt, reply);
  }
  const bool queued = node_.blocking.run([this, caller, draft = std::move(draft), key, render, reply] {
    if (const auto kept = claim_key(key)) {
      if (!*kept) return reply(kept->error());
      return reply(EngagedKillSwitch{{}, **kept});
    }
    const auto answer = [this, key, reply](Result<EngagedKillSwitch> result) {
      release_key(key);
      reply(std::move(result));
    };
    const auto made = make_kill_switch(caller, draft);
    if (!made) return answer(made.error());
    engage(caller, *made, kept_row(*key, render(*made)), answer);
  });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

PersistPtr NodeGateway::persist_of(const Caller& caller, const KillSwitch& kill_switch, bool engages) const {
  auto persist = std::make_shared<Persist>();
  persist->records = {
      {engages ? "kill_switch.engaged" : "kill_switch.released", kill_switch_details(kill_switch), std::nullopt}};
  persist->frame.actor = caller.name;
  persist->frame.node = node_.node_name;
  persist->shard = shard_of(options_.slots.front());
  persist->is_accept = true;
  persist->change.settings = {{kKillSwitchKind, to_string(kill_switch.id),
                               engages ? kill_switch_to_document(kill_switch) : Document(), node_.clock.now()}};
  return persist;
}

void NodeGateway::engage(const Caller& caller, const KillSwitch& kill_switch, std::optional<IdempotencyRow> kept,
                         const Reply<EngagedKillSwitch>& reply) {
  if (const auto begun = node_.switches.begin(kill_switch); !begun) return reply(begun.error());
  PersistPtr persist = persist_of(caller, kill_switch, /*engages=*/true);
  persist->change.idempotency = std::move(kept);
  persist->done = [this, kill_switch, reply](Persisted persisted) {
    if (persisted.verdict != Persisted::Verdict::committed) {
      node_.switches.take_back(kill_switch.id);
      tell_switches_changed(nullptr);
      return reply(persisted.failure());
    }
    node_.switches.committed(kill_switch.id);
    const bool kills = kill_switch.mode == SwitchMode::kill;
    tell_switches_changed(kills ? std::make_shared<const KillSwitch>(kill_switch) : nullptr);
    reply(EngagedKillSwitch{kill_switch, {}});
    node_.log.write(log::Level::warning, "a kill switch was engaged",
                    {{"kill_switch", to_string(kill_switch.id)},
                     {"scope", describe_scope(kill_switch)},
                     {"mode", mode_text(kill_switch.mode)},
                     {"by", kill_switch.engaged_by},
                     {"reason", kill_switch.reason}});
  };
  actors_.persistence.commit(node_, persist);
}

void NodeGateway::release_kill_switch(const Caller& caller, KillSwitchId id, Reply<KillSwitch> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  const KillSwitchPtr engaged = node_.switches.find(id);
  if (!engaged || !is_own(caller, *engaged))
    return reply(Error{ErrorCode::not_found, "there is no kill switch " + to_string(id), false, {}});
  if (const auto begun = node_.switches.begin_release(id); !begun) return reply(begun.error());
  PersistPtr persist = persist_of(caller, *engaged, /*engages=*/false);
  persist->done = [this, engaged, by = caller.name, reply](Persisted persisted) {
    if (persisted.verdict != Persisted::Verdict::committed) {
      node_.switches.keep(engaged->id);
      return reply(persisted.failure());
    }
    node_.switches.released(engaged->id);
    tell_switches_changed(nullptr);
    reply(*engaged);
    node_.log.write(log::Level::warning, "a kill switch was released",
                    {{"kill_switch", to_string(engaged->id)},
                     {"scope", describe_scope(*engaged)},
                     {"mode", mode_text(engaged->mode)},
                     {"by", by}});
  };
  actors_.persistence.commit(node_, persist);
}

void NodeGateway::tell_switches_changed(KillSwitchPtr kill) const {
  // Before whatever waits in their mailboxes: under load that is thousands of messages.
  caf::anon_send<caf::message_priority::high>(actors_.broker, SwitchesChanged{kill});
  if (kill) caf::anon_send<caf::message_priority::high>(actors_.supervisor, SwitchesChanged{kill});
}

std::vector<KillSwitch> NodeGateway::kill_switches(const Caller& caller) {
  std::vector<KillSwitch> all = node_.switches.list();
  std::erase_if(all, [&](const KillSwitch& kill_switch) { return !is_own(caller, kill_switch); });
  return all;
}

}  // namespace troupe
