// A definition as a file, and the media type it is sent as.
#pragma once

#include <string>
#include <string_view>

namespace troupe::cli {

inline std::string_view definition_media_type(std::string_view path) {
  return path.ends_with(".json") ? "application/json" : "application/yaml";
}

}  // namespace troupe::cli
