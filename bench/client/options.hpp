// What the command line asks for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::bench {

struct Options {
  enum class Mode {
    throughput,  ///< every connection submits again as soon as it is answered (closed loop)
    latency,     ///< jobs are submitted at fixed times, however the server fares (open loop)
    chain,       ///< as throughput, with ten steps a job
    batch,       ///< as throughput, with many jobs in a request
  };

  Mode mode = Mode::throughput;
  std::string host = "127.0.0.1";  ///< an IPv4 address
  std::uint16_t port = 8080;
  std::string workflow = "noop1";
  std::size_t jobs = 20'000;  ///< throughput and chain
  std::size_t connections = 64;
  std::size_t batch = 1;        ///< jobs in a request
  double rate = 100;            ///< latency: jobs a second
  double seconds = 10;          ///< latency
  bool until_accepted = false;  ///< the jobs wait for something that is not to come: their ends are not waited for
  double stall_seconds = 30;    ///< gives up when nothing has come for so long
  pid_t server_pid = 0;         ///< whose CPU time is reported, with its children's; 0: nobody's
  pid_t database_pid = 0;

  /// Jobs that this run submits.
  std::size_t job_count() const;
};

const char* mode_text(Options::Mode mode);

/// Faulty arguments end the program with 2 and the usage.
Options read_options(const std::vector<std::string>& arguments);

}  // namespace troupe::bench
