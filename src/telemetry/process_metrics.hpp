// What /proc tells of this process, under the names that every Prometheus client uses.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace troupe {

/// Read anew at each call. What cannot be read is left out.
std::vector<prometheus::MetricFamily> collect_process_metrics();

}  // namespace troupe
