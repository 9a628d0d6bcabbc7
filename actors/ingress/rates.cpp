// Rate limits: which ones a job meets, and what is said when one does not let it in. How tokens are kept:
// rate_limits.hpp.
#include "actors/ingress/node_gateway.hpp"
#include "actors/job/run_loader.hpp"
#include "codec/json.hpp"

namespace troupe {
namespace {

constexpr const char* kClientPolicy = "client";

/// In seconds where it is more than one.
std::string time_until(Millis wait) {
  return format_duration(wait < Millis(1'000) ? wait : std::chrono::ceil<std::chrono::seconds>(wait));
}

std::string text_of(const RateLimit& limit) {
  return std::to_string(limit.limit) + (limit.limit == 1 ? " job in " : " jobs in ") + format_duration(limit.per);
}

}  // namespace

WorkflowPtr NodeGateway::newest_of(const WorkflowCatalog::Found& found) const {
  if (found.entry->row.version == found.newest) return definition_of(found.entry);
  const auto newest = node_.workflows.find(found.entry->row.key, 0).entry;
  return definition_of(newest ? newest : found.entry);
}

bool NodeGateway::meets_rate_limit(const std::string& client, const WorkflowDefinition& workflow) const {
  return workflow.rate_limit.exists() || options_.client_rates.of(client).exists();
}

Result<RateTicketPtr> NodeGateway::take_tokens(const Candidate& candidate) {
  const WorkflowDefinition& workflow = candidate.workflow;
  const RateLimit of_client = options_.client_rates.of(candidate.client);
  std::vector<RateLimits::Claim> claims;
  if (of_client.exists()) claims.push_back({kClientPolicy, candidate.client, of_client});
  if (workflow.rate_limit.exists()) {
    auto key = workflow.rate_limit_key.empty() ? std::string() : rate_key(workflow, candidate.scope());
    if (!key) return key.error();
    claims.push_back({"workflow:" + workflow.key, *std::move(key), workflow.rate_limit});
  }
  RateLimits::Taken taken = rate_limits_->take(claims);
  if (candidate.told) *candidate.told = std::move(taken.states);
  if (taken.ticket) return std::move(taken.ticket);

  const RateLimits::Claim& latest = claims[taken.latest];
  const bool by_client = latest.policy == kClientPolicy;
  node_.metrics.rate_limited(by_client ? "client" : workflow.rate_limit_key.empty() ? "workflow" : "key");
  std::string message = by_client ? "the client " + candidate.client + " may submit " + text_of(latest.limit)
                                  : "the workflow " + workflow.key + " takes " + text_of(latest.limit);
  if (!by_client && !latest.key.empty()) message += " for " + latest.key;
  message += "; the next one may come in " + time_until(taken.retry_after);
  return Error{ErrorCode::rate_limited, std::move(message), true, {}, taken.retry_after};
}

Result<std::string> NodeGateway::rate_key(const WorkflowDefinition& workflow, const Result<Json>& scope) const {
  if (!scope) return scope.error();
  TROUPE_ASSERT(options_.evaluate, "whoever takes definitions with expressions can evaluate them");
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::validation_failed, "the key of the rate limit of workflow " + workflow.key + " " + why};
  };
  const auto value = options_.evaluate(workflow.rate_limit_key, *scope);
  if (!value) return refuse("cannot be told for these inputs: " + value.error().message);
  std::string key = canonical_json(*value);
  if (key.size() <= RateLimit::kKeyBytes) return key;
  return refuse("has " + std::to_string(key.size()) + " bytes for these inputs; at most " +
                std::to_string(RateLimit::kKeyBytes) + " are allowed");
}

Result<Json> NodeGateway::scope_of_retry(const JobRow& row, const Document& inputs) const {
  const auto effective = inputs.present() ? Result<Document>(inputs) : newest_inputs(node_, row);
  if (!effective) return effective.error();
  return Json{{"inputs", from_document(*effective)},
              {"metadata", from_document(row.spec).value("metadata", Json::object())},
              {"client_id", row.client_id}};
}

void NodeGateway::refuse_unless_known(const Caller& caller, SubmitJob job, const FoundWorkflow& found, Slot slot,
                                      const RenderAccepted& render, std::function<void(Result<AcceptedJob>)> reply,
                                      const ExtendChange& extend, const Error& refusal) {
  const bool queued = node_.blocking.run([=, this, job = std::move(job)] {
    const auto known = node_.reader.jobs_called(job.job_id, job.client_id);
    if (!known || known->empty()) return reply(refusal);
    submit_one(caller, job, found, slot, render, reply, extend, /*is_known=*/true);
  });
  if (!queued) reply(refusal);
}

RateLimitStates NodeGateway::client_limits(const std::string& client) {
  const RateLimit limit = options_.client_rates.of(client);
  if (!limit.exists()) return {};
  return {rate_limits_->look({kClientPolicy, client, limit})};
}

}  // namespace troupe
