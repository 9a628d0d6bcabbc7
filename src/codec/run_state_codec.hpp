// RunState as bytes: the `state` column of a job row. The grammar of the format is at the top of the .cpp.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/result.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

/// At most about 2 KiB: a run with 10,000 items needs 1,250 bytes for its bitmap.
std::string encode_run_state(const RunState& state);
/// Reads every format version ever written; unknown keys are skipped. Fails with store_corrupt.
Result<RunState> decode_run_state(std::string_view bytes);

}  // namespace troupe
