// The media type of a file that a command wrote: by its first bytes where they tell, else by its name's extension.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// Enough bytes to tell (also for the size of a JPEG, which may stand behind an embedded thumbnail).
inline constexpr std::size_t kMediaTypeHead = 256 << 10;

std::string media_type(std::string_view name, std::string_view head);

}  // namespace troupe
