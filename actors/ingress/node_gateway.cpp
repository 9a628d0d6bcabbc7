#include "actors/ingress/node_gateway.hpp"

#include <algorithm>

#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/node/worker_keeper.hpp"
#include "actors/switches/kill_switches.hpp"

namespace troupe {
namespace {

constexpr Millis kStoreSilence{5'000};
constexpr std::size_t kWorkflowsWarnedOf = 10;

std::optional<Error> error_of(StoreObstacle obstacle) {
  switch (obstacle) {
    case StoreObstacle::none: return std::nullopt;
    case StoreObstacle::away: return Error{ErrorCode::not_ready, "the database does not answer", true, {}};
    case StoreObstacle::read_only: return Error{ErrorCode::not_ready, "the database can only be read", true, {}};
    case StoreObstacle::full: return Error{ErrorCode::disk_full, "the database's disk is full", true, {}};
  }
  return std::nullopt;
}

}  // namespace

NodeGateway::NodeGateway(NodeContext& node, const NodeActors& actors, GatewayOptions options)
    : node_(node),
      actors_(actors),
      options_(std::move(options)),
      started_at_(format_rfc3339(node.clock.now())),
      ids_(node.clock, node.random),
      rate_limits_(std::make_shared<RateLimits>(node.clock, options_.rate_buckets_most)) {}

Readiness NodeGateway::readiness() {
  Readiness readiness;
  const NodeHealth& health = node_.health;
  if (health.stopping) readiness.reasons.emplace_back("the server is stopping");
  if (health.fenced) readiness.reasons.emplace_back("another node has taken over this node's shards");
  if (const auto error = error_of(health.obstacle(node_.clock.monotonic(), kStoreSilence)))
    readiness.reasons.push_back(error->message);
  if (health.changes_waiting >= options_.changes_waiting_max)
    readiness.reasons.emplace_back("too many changes wait for the database");
  readiness.ready = readiness.reasons.empty();
  // Not a reason: this node does all other work, and a balancer would send that of these steps nowhere better.
  readiness.warnings = actors_.workers->warnings();
  const auto unusable = node_.workflows.unusable();
  for (std::size_t i = 0; i < std::min(unusable.size(), kWorkflowsWarnedOf); ++i)
    readiness.warnings.push_back(unusable[i].fault->message);
  if (unusable.size() > kWorkflowsWarnedOf)
    readiness.warnings.push_back(std::to_string(unusable.size() - kWorkflowsWarnedOf) +
                                 " more workflows cannot be used: see the log of the start");
  return readiness;
}

std::optional<Error> NodeGateway::unavailable() const {
  const NodeHealth& health = node_.health;
  const auto not_ready = [](std::string why) { return Error{ErrorCode::not_ready, std::move(why), true, {}}; };
  if (health.stopping) return not_ready("the server is stopping");
  if (health.fenced) return not_ready("another node has taken over this node's shards");
  return error_of(health.obstacle(node_.clock.monotonic(), kStoreSilence));
}

std::optional<Error> NodeGateway::stopped(const std::string& workflow, const std::string& client) const {
  const KillSwitchPtr by = node_.switches.refusing(workflow, client, node_.node_name);
  if (!by) return std::nullopt;
  return engaged_error(*by);
}

NodeMeta NodeGateway::meta() { return {node_.node_name, options_.version, options_.store_kind, started_at_}; }

std::string NodeGateway::metrics() {
  node_.metrics.queue_depth("persistence", node_.health.changes_waiting);
  node_.metrics.queue_depth("blocking", node_.blocking.queued());
  const ConcurrencyGate::Counts runs = node_.gate.counts();
  node_.metrics.concurrency(runs.held, runs.under_way);
  return options_.metrics();
}

std::optional<Result<KeptAnswer>> NodeGateway::claim_key(const std::optional<IdempotencyKey>& key) {
  if (!key) return std::nullopt;
  {
    const std::lock_guard lock(keys_mutex_);
    if (!keys_in_flight_.insert(key->scope).second)
      return Error{ErrorCode::idempotency_key_in_flight, "the first request with this key is still at work", true, {}};
  }
  const auto kept = node_.reader.idempotency(key->scope);
  if (kept && !*kept) return std::nullopt;
  release_key(key);
  if (!kept) return kept.error();
  if ((*kept)->request != key->request)
    return Error{ErrorCode::idempotency_key_reused, "this Idempotency-Key was used for another request", false, {}};
  return KeptAnswer{(*kept)->status, (*kept)->answer};
}

void NodeGateway::release_key(const std::optional<IdempotencyKey>& key) {
  if (!key) return;
  const std::lock_guard lock(keys_mutex_);
  keys_in_flight_.erase(key->scope);
}

IdempotencyRow NodeGateway::kept_row(const IdempotencyKey& key, const KeptAnswer& answer) const {
  return {key.scope, key.request, answer.status, answer.body, node_.clock.now()};
}

}  // namespace troupe
