// How the results of checks are shown, alike by all commands that check: findings, and the verdict on the audit chains.
#pragma once

#include <ostream>
#include <vector>

#include "codec/json.hpp"
#include "troupe/port/gateway.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::cli {

/// A line each: `damage: PLACE: REASON`, `warning: PLACE: REASON`.
void print(std::ostream& out, const std::vector<StoreFinding>& findings);
/// `whole: 9 records in 3 chains`, or `broken: chain C, record 2: …`.
void print(std::ostream& out, const AuditVerdict& verdict);

Json to_json(const std::vector<StoreFinding>& findings);
/// As GET /v1/audit/verify answers.
Json to_json(const AuditVerdict& verdict);

}  // namespace troupe::cli
