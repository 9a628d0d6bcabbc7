// The bodies that start a job: POST /v1/jobs and POST /v1/trigger.
#pragma once

#include "codec/json.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

inline constexpr std::size_t kReasonBytes = 1000;
inline constexpr std::uint64_t kVersionMax = 0x7FFFFFFF;

/// Checks every field; all faults at once. `forbidden` when the body names another client than the credential.
Result<SubmitJob> read_job(const Json& body, const Caller& caller);
/// Same for `{workflow_id, payload}`.
Result<SubmitJob> read_trigger(const Json& body, const Caller& caller);

}  // namespace troupe::ingress
