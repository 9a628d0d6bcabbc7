// W3C Trace Context: the header that ties an outgoing call to the request that started its job.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/clock.hpp"

namespace troupe {

/// The same trace with a fresh span id; nothing if `parent` is not well-formed (then none is to be sent).
std::optional<std::string> child_traceparent(std::string_view parent, Random& random);

}  // namespace troupe
