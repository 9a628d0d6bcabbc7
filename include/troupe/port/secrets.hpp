// Port: the values behind `${secret:NAME}`. Asked by the workers at the last moment, when a task is about to begin, so
// that a value is never part of what is decided, stored, hashed or shown. Implemented by src/secrets.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/result.hpp"

namespace troupe {

class Secrets {
 public:
  virtual ~Secrets() = default;
  /// The value as it is now: well-formed UTF-8, not empty, without NUL. Fails with unknown_secret where none has this
  /// name, and with io_failed (retryable) where it cannot be read now. Blocks on a file; thread-safe.
  virtual Result<std::string> resolve(std::string_view name) = 0;
};

}  // namespace troupe
