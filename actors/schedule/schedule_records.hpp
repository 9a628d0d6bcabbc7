// What the audit trail says of schedules, in the shard's own chain, and the job that a schedule begins.
#pragma once

#include "codec/event_codec.hpp"
#include "troupe/domain/schedule.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

RecordDraft schedule_created(const Schedule& schedule);
RecordDraft schedule_changed(const Schedule& schedule);  ///< as it is afterwards
RecordDraft schedule_deleted(const Schedule& schedule);
/// The times from `at` to `until` got no job; `fault` tells why, absent: they had passed.
RecordDraft schedule_skipped(const Schedule& schedule, Timestamp at, Timestamp until,
                             const std::optional<ScheduleFault>& fault);

/// A job for the time `at`: its metadata says which schedule and which time.
SubmitJob job_of_schedule(const Schedule& schedule, Timestamp at);

}  // namespace troupe
