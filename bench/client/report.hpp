// What a run found out, as one line of JSON.
#pragma once

#include <string>

#include "bench/load.hpp"

namespace troupe::bench {

std::string report(const Options& options, const Load& load);

}  // namespace troupe::bench
