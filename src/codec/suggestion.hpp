// The known name that someone who mistyped may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// `, did you mean "retry"?` when one of the names is near enough, else nothing: made to be appended to a message.
std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& known);

}  // namespace troupe
