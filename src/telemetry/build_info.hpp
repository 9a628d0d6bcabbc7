// Which build this is: for `troupe version`, /v1/meta, the log's first line and the metric troupe_build_info.
#pragma once

#include <string_view>

namespace troupe {

struct BuildInfo {
  std::string_view version;   ///< 0.1.0
  std::string_view compiler;  ///< gcc 12.2.0
  std::string_view build;     ///< release (assertions of libraries off) or debug
};
const BuildInfo& build_info();

}  // namespace troupe
