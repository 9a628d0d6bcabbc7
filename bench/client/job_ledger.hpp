// Every job that was accepted, and its end: what the figures are computed from, and what shows that each accepted job
// ended `success` exactly once. The end of a job may be told before its 202 has been read.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "bench/latencies.hpp"
#include "bench/run_end.hpp"
#include "troupe/base/id.hpp"

namespace troupe::bench {

class JobLedger {
 public:
  enum class Awaits {
    ends,         ///< every accepted job is to end
    acceptances,  ///< none is to end during the run
  };

  explicit JobLedger(std::size_t jobs, Awaits awaits = Awaits::ends);

  /// `since`: when the request was sent, or ought to have been.
  void on_accepted(const JobId& job, Steady::time_point since, Steady::time_point now);
  void on_ended(const RunEnd& end, Steady::time_point now);

  std::size_t accepted() const { return accepted_; }
  /// Accepted jobs whose end has been told.
  std::size_t ended() const { return complete_.count(); }
  /// Jobs that have come as far as this run awaits them, and when the last of them did.
  std::size_t done() const { return awaits_ == Awaits::ends ? ended() : accepted(); }
  Steady::time_point last_done() const { return awaits_ == Awaits::ends ? last_end_ : last_acceptance_; }
  const Latencies& accept() const { return accept_; }
  const Latencies& complete() const { return complete_; }

  /// What must not be: one sentence each, at most a few of each kind. To be asked when all is over.
  std::vector<std::string> faults() const;

 private:
  struct Entry {
    Steady::time_point since, end;
    bool accepted = false;
    std::uint32_t ends = 0;
    bool success = true;
  };

  void settle(const Entry& entry);

  const Awaits awaits_;
  std::unordered_map<JobId, Entry> jobs_;
  std::size_t accepted_ = 0;
  Steady::time_point last_acceptance_{}, last_end_{};
  Latencies accept_, complete_;
};

}  // namespace troupe::bench
