// JSON values to jq's and back.
#pragma once

extern "C" {
#include <jv.h>
}

#include "codec/json.hpp"

namespace troupe {

/// jq's numbers are doubles: an integer beyond 2^53 loses digits on its way in.
jv to_jv(const Json& value);

/// Fails with output_too_large above limits::kOutputBytes, and with expression_failed when it is nested deeper than
/// limits::kJsonDepth. Numbers without a fraction become integers; a number that JSON does not have becomes null, or
/// the largest there is. Does not consume the value.
Result<Json> from_jv(jv value);

}  // namespace troupe
