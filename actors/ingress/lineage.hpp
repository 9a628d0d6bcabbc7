// Which run of a job came of which, as the job's audit records tell. Called on the reading threads.
#pragma once

#include <map>

#include "troupe/port/gateway.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Of every run but a job's first.
using Lineage = std::map<RunId, RetryView>;

/// Reads the job's whole journal.
Result<Lineage> lineage_of(StoreReader& reader, const JobId& job);

/// Tells a run where it comes from.
void add_retry(const Lineage& lineage, RunView& view);

}  // namespace troupe
