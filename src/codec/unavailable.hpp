// What the contract describes and this version does not do yet. A definition that asks for it is refused, since a limit
// or a requirement that is silently ignored is worse than none. A row goes when its behaviour comes.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace troupe {

struct UnavailableField {
  std::string_view name;
  std::string_view what;
};

inline constexpr std::array<std::string_view, 3> kUnavailableStepTypes = {"comfyui", "n8n", "task"};
inline constexpr std::array<UnavailableField, 2> kUnavailableStepFields = {{
    {"requires", "choosing workers by what they have"},
    {"affinity", "choosing workers by affinity"},
}};
/// The only pool there is.
inline constexpr std::string_view kOnlyPool = "default";

inline std::string not_available(std::string_view what) {
  return std::string(what) + " is not available in this version";
}

}  // namespace troupe
