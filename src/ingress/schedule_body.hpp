// The body that makes a schedule: POST /v1/schedules and PUT /v1/schedules/{id}.
#pragma once

#include "codec/json.hpp"
#include "troupe/domain/time_zone.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

/// Each job's metadata has two members more than the schedule's.
inline constexpr std::size_t kScheduleMetadataBytes = 15 << 10;

bool is_schedule_id(std::string_view text);

/// Checks every field; all faults at once. `path_id`: the id is in the path, and the body may say it again.
/// `forbidden` when the body names another client than the credential.
Result<PutSchedule> read_schedule(const Json& body, const Caller& caller, const std::string* path_id,
                                  const FindTimeZone& time_zone);

}  // namespace troupe::ingress
