// Workflow definitions: validate, apply (a new version of the next number), disable and enable, read.
#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/run/run_change.hpp"
#include "codec/json.hpp"
#include "codec/workflow_codec.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

WorkflowView view(const WorkflowCatalog::Found& found) { return {found.entry->row, found.disabled, found.newest}; }

}  // namespace

void NodeGateway::validate_workflow(std::string definition, Reply<AppliedWorkflow> reply) {
  read<AppliedWorkflow>(reply, [this, definition = std::move(definition)]() -> Result<AppliedWorkflow> {
    auto parsed = parse_new_workflow(definition, options_.check_expression, options_.has_command);
    if (!parsed) return parsed.error();
    AppliedWorkflow applied;
    applied.key = parsed->definition.key;
    applied.version = node_.workflows.find(applied.key, 0).newest;
    return applied;
  });
}

void NodeGateway::apply_workflow(const Caller& caller, std::string definition, std::optional<IdempotencyKey> key,
                                 std::function<KeptAnswer(const AppliedWorkflow&)> render,
                                 Reply<AppliedWorkflow> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  reply = answered_in_any_case(node_.health, std::move(reply));
  const bool queued = node_.blocking.run([this, caller, definition = std::move(definition), key, render, reply] {
    AppliedWorkflow applied;
    if (const auto kept = claim_key(key)) {
      if (!*kept) return reply(kept->error());
      applied.kept = **kept;
      return reply(applied);
    }
    const auto answer = [this, key, reply](Result<AppliedWorkflow> result) {
      release_key(key);
      reply(std::move(result));
    };
    const auto note_missing = [&](std::string_view command) {
      if (options_.has_command && !options_.has_command(command)) applied.missing_commands.emplace(command);
      return true;
    };
    auto parsed = parse_new_workflow(definition, options_.check_expression,
                                     caller.at_start ? HasCommand(note_missing) : options_.has_command);
    if (!parsed) return answer(parsed.error());
    applied.key = parsed->definition.key;
    {
      const std::lock_guard lock(applying_mutex_);
      if (!applying_.insert(applied.key).second)
        return answer(Error{ErrorCode::conflict, "another version of this workflow is being applied", true, {}});
    }
    const auto release = [this, workflow = applied.key] {
      const std::lock_guard lock(applying_mutex_);
      applying_.erase(workflow);
    };

    const WorkflowCatalog::Found found = node_.workflows.find(applied.key, 0);
    WorkflowRow row{applied.key,       found.newest + 1,  sha256(parsed->canonical),
                    parsed->canonical, node_.clock.now(), caller.name};
    if (found.entry && found.entry->row.digest == row.digest) {
      release();
      applied.version = found.newest;
      return answer(applied);
    }
    applied.version = row.version;
    applied.created = true;
    auto entry = node_.workflows.compile(row);
    if (!entry) {
      release();
      return answer(entry.error());
    }

    auto persist = std::make_shared<Persist>();
    persist->records = {{"workflow.applied",
                         {{"workflow", row.key},
                          {"version", row.version},
                          {"definition", digest_to_json(row.digest, row.definition.size())}},
                         std::nullopt}};
    persist->frame.actor = caller.name;
    persist->frame.node = node_.node_name;
    persist->shard = shard_of(options_.slots.front());
    persist->is_accept = true;
    persist->change.workflow = std::move(row);
    if (key) persist->change.idempotency = kept_row(*key, render(applied));
    persist->done = [this, entry = *entry, applied, answer, release](Persisted persisted) {
      const bool committed = persisted.verdict == Persisted::Verdict::committed;
      if (committed) {
        node_.workflows.add(entry);
        node_.gate.limit_changed(applied.key);
      }
      release();
      answer(committed ? Result<AppliedWorkflow>(applied) : Result<AppliedWorkflow>(persisted.failure()));
    };
    actors_.persistence.commit(node_, persist);
  });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

void NodeGateway::set_workflow_disabled(const Caller& caller, std::string key, bool disabled,
                                        Reply<WorkflowView> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  WorkflowCatalog::Found found = node_.workflows.find(key, 0);
  if (found.fault) return reply(*found.fault);
  if (!found.entry) return reply(Error{ErrorCode::not_found, "there is no workflow " + key, false, {}});
  if (found.disabled == disabled) return reply(view(found));

  auto persist = std::make_shared<Persist>();
  persist->records = {{disabled ? "workflow.disabled" : "workflow.enabled", {{"workflow", key}}, std::nullopt}};
  persist->frame.actor = caller.name;
  persist->frame.node = node_.node_name;
  persist->shard = shard_of(options_.slots.front());
  persist->is_accept = true;
  persist->change.workflow_disabled = {key, disabled};
  persist->done = [this, key, disabled, reply](Persisted persisted) {
    if (persisted.verdict != Persisted::Verdict::committed) return reply(persisted.failure());
    node_.workflows.set_disabled(key, disabled);
    reply(view(node_.workflows.find(key, 0)));
  };
  actors_.persistence.commit(node_, persist);
}

void NodeGateway::workflow(std::string key, std::uint32_t version, Reply<WorkflowView> reply) {
  read<WorkflowView>(reply, [this, key = std::move(key), version]() -> Result<WorkflowView> {
    auto found = node_.workflows.load(key, version);
    if (found) return view(*found);
    if (found.error().code != ErrorCode::unknown_workflow) return found.error();
    return Error{ErrorCode::not_found, found.error().message, false, {}};
  });
}

void NodeGateway::workflows(std::optional<std::string> after_key, int limit, Reply<std::vector<WorkflowView>> reply) {
  read<std::vector<WorkflowView>>(
      reply, [this, after_key = std::move(after_key), limit]() -> Result<std::vector<WorkflowView>> {
        auto rows = node_.reader.workflows(after_key, limit);
        if (!rows) return rows.error();
        std::vector<WorkflowView> views;
        for (WorkflowSummary& summary : *rows) {
          const std::uint32_t newest = summary.newest.version;
          views.push_back({std::move(summary.newest), summary.disabled, newest});
        }
        return views;
      });
}

}  // namespace troupe
