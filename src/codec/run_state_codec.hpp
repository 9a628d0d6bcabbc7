// RunState as bytes: the `state` column of a job row. The grammar of the format is in codec/run_state_format.hpp.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/result.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

/// About 70 bytes for a one-step run; at most about 2 KiB for a step with 10,000 items (1,250 of them its bitmap).
std::string encode_run_state(const RunState& state);
/// Reads every format version ever written; unknown keys are skipped. Fails with store_corrupt, and with store_newer
/// for a format that a newer binary wrote. That the steps are as many as the definition has is for the caller to check.
Result<RunState> decode_run_state(std::string_view bytes);

}  // namespace troupe
