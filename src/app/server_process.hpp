// A server as a child process: started from this very program, known by the line it prints when it is ready, stopped by
// its pid. For the demo.
#pragma once

#include <string>
#include <vector>

#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

class ServerProcess {
 public:
  /// Runs `troupe serve` with these arguments and waits until it listens. Fails with io_failed when it ends instead;
  /// what it wrote to standard error is in `log_file`.
  static Result<ServerProcess> start(const std::vector<std::string>& arguments, const std::string& log_file,
                                     Millis patience);

  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  /// Stops it if that was not done.
  ~ServerProcess();

  const std::string& url() const { return url_; }
  /// SIGTERM, then waits; SIGKILL when the patience is over. Gives the exit code, or -1 if it was killed.
  int stop(Millis patience);

 private:
  ServerProcess(int pid, std::string url) : pid_(pid), url_(std::move(url)) {}

  int pid_ = -1;
  std::string url_;
};

}  // namespace troupe
