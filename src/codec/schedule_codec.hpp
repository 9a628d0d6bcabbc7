// A schedule as the JSON object that is stored. Members that have nothing to say are left out:
//
//   client_id, workflow_key, workflow_version?, cron, time_zone, inputs?, metadata?, callback_url?, priority,
//   timeout_ms?, missed_runs, enabled, created_at, created_by, updated_at, next_at?, last_at?, last_job?,
//   last_fault? {code, message, at}                                        times in milliseconds since 1970
#pragma once

#include "codec/json.hpp"
#include "troupe/domain/schedule.hpp"

namespace troupe {

Document encode_schedule(const Schedule& schedule);
/// Fails with store_corrupt: what was stored had been written by encode_schedule.
Result<Schedule> decode_schedule(const std::string& id, const Document& document);

}  // namespace troupe
