// The lists of jobs and runs as SELECTs. Every one walks an index of immutable columns, newest first, and stops after a
// page:
//
//   failed, cancelled   the notable rows of that kind, each with its job
//   pending, running    job ids from the lowest low_water of the shards written to on, and the parked jobs below it
//   otherwise           ids of the client, the workflow or the user, or all ids
#pragma once

#include "store_sql/select.hpp"
#include "troupe/port/store.hpp"

namespace troupe::store {

/// Rows as take_job reads them.
Select select_jobs(const JobQuery& query);
/// Rows as take_run_record reads them.
Select select_runs(const RunQuery& query);
Select select_run(const RunId& id);
RunRecord take_run_record(FieldSource& from);

/// A scalar subquery: no open job that is not parked is older. A shard that was never written to has no job; its low
/// water would let every list of open jobs walk all jobs (with one writer that is so of 15 shards).
inline constexpr const char* kLowestLowWater = "(SELECT low_water FROM shard WHERE seq > 0 ORDER BY low_water LIMIT 1)";

}  // namespace troupe::store
