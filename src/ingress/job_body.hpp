// The bodies that start a job: POST /v1/jobs and POST /v1/trigger.
#pragma once

#include "codec/json.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

inline constexpr std::size_t kReasonBytes = 1000;
inline constexpr std::uint64_t kVersionMax = 0x7FFFFFFF;

class Fields;

/// What a job and a schedule have in common: the workflow, its inputs, and how they are to be treated.
SubmitJob read_work(Fields& fields, const Json& body);
/// Whose it is: the credential's client, else the one that the body names. `forbidden` when both differ.
Result<std::string> client_of(const Json& body, const Caller& caller);

/// Checks every field; all faults at once. `forbidden` when the body names another client than the credential.
Result<SubmitJob> read_job(const Json& body, const Caller& caller);
/// What must not differ when a job_id or an Idempotency-Key comes again: the canonical body without client_id, which
/// may come from the credential at one time and from the body at another.
std::string canonical_job(Json body);
/// Same for `{workflow_id, payload}`.
Result<SubmitJob> read_trigger(const Json& body, const Caller& caller);

}  // namespace troupe::ingress
