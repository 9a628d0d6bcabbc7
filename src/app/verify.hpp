// `troupe audit verify` without a server: reads the configured database and checks every chain.
#pragma once

#include <optional>

#include "audit/chain.hpp"
#include "config/config.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

AuditVerdict verdict_of(const VerifyReport& report);
Result<AuditVerdict> verify_offline(const Config& config, const std::optional<JobId>& job);

}  // namespace troupe
