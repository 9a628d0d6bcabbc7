// What a command's exit code tells a script. The numbers are a contract (docs/cli.md).
#pragma once

#include <string_view>

#include "troupe/base/error.hpp"

namespace troupe::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;       ///< the thing asked for failed, or was refused for what it is
inline constexpr int kWrongUse = 2;     ///< of the command line or of the configuration
inline constexpr int kNotReached = 3;   ///< no answer from the server
inline constexpr int kRefused = 4;      ///< 401 or 403
inline constexpr int kNotFound = 5;     ///< 404
inline constexpr int kConflict = 6;     ///< 409
inline constexpr int kChainBroken = 7;  ///< the audit chain does not hold

/// The table as --help shows it.
inline constexpr std::string_view kExitCodeHelp =
    "Exit codes:\n"
    "  0  done\n"
    "  1  the thing asked for failed (a watched job ended failed or cancelled)\n"
    "  2  wrong use, or a wrong configuration\n"
    "  3  server not reached\n"
    "  4  refused (401, 403)\n"
    "  5  not found\n"
    "  6  conflict\n"
    "  7  audit chain broken\n";

/// Of an HTTP status that is not 2xx.
constexpr int exit_code_of(int http_status) {
  switch (http_status) {
    case 401:
    case 403: return kRefused;
    case 404: return kNotFound;
    case 409: return kConflict;
    default: return kFailed;
  }
}

/// Of a command that works on the data itself, without a server.
constexpr int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found: return kNotFound;
    case ErrorCode::chain_broken: return kChainBroken;
    default: return kFailed;
  }
}

}  // namespace troupe::cli
