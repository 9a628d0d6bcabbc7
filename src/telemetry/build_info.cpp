#include "telemetry/build_info.hpp"

namespace troupe {

const BuildInfo& build_info() {
#ifdef __clang__
  static constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
  static constexpr std::string_view kCompiler = "gcc " __VERSION__;
#endif
#ifdef NDEBUG
  static constexpr std::string_view kBuild = "release";
#else
  static constexpr std::string_view kBuild = "debug";
#endif
  static constexpr BuildInfo kInfo{TROUPE_VERSION, kCompiler, kBuild};
  return kInfo;
}

}  // namespace troupe
