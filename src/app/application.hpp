// The composition root: everything a serving process consists of, made in order from the configuration and taken down
// in the opposite order. Only this room knows all the others.
//
//   store, blobs ─► executors (HTTP client, processes, painter) ─► node (actors) ─► HTTP server
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

class Application {
 public:
  /// Listens when it returns, but accepts nothing before serve(). `failed` is told when the process must end because a
  /// part of it has failed that cannot be started again; from any thread.
  static Result<std::unique_ptr<Application>> make(const Config& config, std::function<void(std::string)> failed);
  virtual ~Application() = default;

  virtual std::string url() const = 0;
  /// Applies the workflows folder, then accepts requests and lets schedules begin jobs.
  virtual Result<Done> serve() = 0;
  /// Refuses new work at once, lets running work end within the grace, commits, and closes. Idempotent.
  virtual void stop(Millis grace) = 0;
};

/// What must hold before anything is started: authentication off loopback (`insecure_listen`).
Result<Done> check_safety(const Config& config);

/// The data directory's parts.
struct DataPaths {
  std::string root, blobs, work;
};
DataPaths data_paths(const Config& config);
/// The same, with the directory made if it is not there.
Result<DataPaths> make_data_dir(const Config& config);

}  // namespace troupe
