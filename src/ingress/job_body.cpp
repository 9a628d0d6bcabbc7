#include "ingress/job_body.hpp"

#include "ingress/fields.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

/// A name that no workflow can have is as unknown as any other.
std::string read_workflow_key(Fields& fields, const Json& body, std::string_view member) {
  fields.require(member);
  const auto found = body.is_object() ? body.find(member) : body.end();
  if (found == body.end() || !found->is_string()) return fields.text(member, limits::kDefinitionBytes).value_or("");
  const auto& key = found->get_ref<const std::string&>();
  for (char c : key)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || key.size() > limits::kNameChars) {
      fields.fault(member, "names no workflow", ErrorCode::unknown_workflow);
      return {};
    }
  if (key.empty()) fields.fault(member, "names no workflow", ErrorCode::unknown_workflow);
  return key;
}

std::optional<Millis> read_timeout(Fields& fields) {
  const auto seconds = fields.positive("timeout_seconds");
  if (!seconds) return {};
  const double max = std::chrono::duration<double>(limits::kRunTimeoutMax).count();
  if (*seconds <= max) return std::max(Millis(1), Millis(static_cast<std::int64_t>(*seconds * 1000)));
  fields.fault("timeout_seconds", "must be at most " + std::to_string(static_cast<std::int64_t>(max)),
               ErrorCode::timeout_too_large);
  return {};
}

void read_metadata(Fields& fields, SubmitJob& job) {
  const Json* metadata = fields.object("metadata");
  if (!metadata) return;
  job.metadata = to_document(*metadata);
  if (job.metadata.size() > limits::kMetadataBytes)
    fields.fault("metadata", "must have at most " + std::to_string(limits::kMetadataBytes) + " bytes");
  const auto user = metadata->find("user_id");
  if (user == metadata->end() || user->is_null()) return;
  if (user->is_string() && user->get_ref<const std::string&>().size() <= limits::kClientIdChars) {
    job.user_id = user->get<std::string>();
    if (job.user_id.find('\0') == std::string::npos) return;
  }
  fields.fault_at("/metadata/user_id",
                  "must be a string of at most " + std::to_string(limits::kClientIdChars) + " bytes");
}

}  // namespace

SubmitJob read_work(Fields& fields, const Json& body) {
  SubmitJob job;
  job.client_id = fields.name("client_id", limits::kClientIdChars).value_or("default");
  job.workflow_key = read_workflow_key(fields, body, "workflow_key");
  job.workflow_version = static_cast<std::uint32_t>(fields.integer("workflow_version", 1, kVersionMax).value_or(0));
  if (const Json* inputs = fields.object("inputs")) job.inputs = to_document(*inputs);
  // Refused rather than taken and never called: this version has no deliveries.
  if (fields.text("callback_url", limits::kBodyBytes))
    fields.fault("callback_url", "is not supported by this version; follow links.events or use Prefer: wait",
                 ErrorCode::not_supported);
  job.priority = static_cast<std::uint8_t>(fields.integer("priority", 1, 10).value_or(job.priority));
  job.timeout = read_timeout(fields);
  read_metadata(fields, job);
  return job;
}

Result<std::string> client_of(const Json& body, const Caller& caller) {
  const auto given = body.find("client_id");
  const bool named = given != body.end() && given->is_string();
  if (!caller.client_id) return named ? given->get<std::string>() : std::string("default");
  if (named && *given != *caller.client_id)
    return {ErrorCode::forbidden, "The credential belongs to another client than the one in client_id."};
  return *caller.client_id;
}

Result<SubmitJob> read_job(const Json& body, const Caller& caller) {
  Fields fields(body);
  auto job_id = fields.text("job_id", limits::kDefinitionBytes);
  if (job_id && !is_client_job_id(*job_id))
    fields.fault("job_id", "must be 1 to 128 of A-Z a-z 0-9 . _ : - and not in the form of a UUID");
  SubmitJob job = read_work(fields, body);
  job.job_id = std::move(job_id).value_or("");
  fields.reject_others();
  if (auto error = fields.error()) return std::move(*error);
  auto client = client_of(body, caller);
  if (!client) return client.error();
  job.client_id = *std::move(client);
  return job;
}

std::string canonical_job(Json body) {
  body.erase("client_id");
  return canonical_json(body);
}

Result<SubmitJob> read_trigger(const Json& body, const Caller& caller) {
  Fields fields(body);
  SubmitJob job;
  job.workflow_key = read_workflow_key(fields, body, "workflow_id");
  if (const Json* payload = fields.object("payload")) job.inputs = to_document(*payload);
  fields.reject_others();
  if (auto error = fields.error()) return std::move(*error);
  if (caller.client_id) job.client_id = *caller.client_id;
  return job;
}

}  // namespace troupe::ingress
