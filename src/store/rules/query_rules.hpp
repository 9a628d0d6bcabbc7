// What every engine does alike with a JobQuery.
#pragma once

#include <optional>
#include <string>

#include "troupe/port/store.hpp"

namespace troupe::store {

/// An id is made within this much of its job's created_at (a borrowed millisecond, a corrected clock). Filters on
/// created_at are exact, but bound the scan by ids, so that a page of last year's jobs does not read this year's. Not
/// more: a page of created_before reads past up to so much of jobs (a minute of 10,000 jobs/s: about 0.15 s).
inline constexpr Millis kIdSlack = std::chrono::minutes(1);

/// Ids that a query may find: from `from` on, and below `below` where there is one.
struct JobRange {
  JobId from;
  std::optional<JobId> below;
  bool holds(const JobId& id) const { return id >= from && (!below || id < *below); }
};
JobRange range_of(const JobQuery& query);

/// Lower case of A–Z; other bytes as they are. Job ids and workflow keys are ASCII.
std::string fold_case(std::string_view text);

/// Jobs that ended so are found by the notable rows.
inline bool is_notable(Status status) { return status == Status::failed || status == Status::cancelled; }
inline bool is_open(Status status) { return status == Status::pending || status == Status::running; }

}  // namespace troupe::store
