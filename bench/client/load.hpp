// One run: submits the jobs as the mode has it and waits until the event stream has told all their ends.
//
// A closed loop (throughput, chain) submits the next job of a connection when it has been answered. An open loop
// (latency) has a time for each job, and counts from that time: a job that had to wait for a free connection, because
// the server was slow, waited on the server's account (otherwise slow answers would thin out the load and hide
// themselves: coordinated omission).
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "bench/cpu_time.hpp"
#include "bench/event_stream.hpp"
#include "bench/http_connection.hpp"
#include "bench/job_ledger.hpp"
#include "bench/job_request.hpp"
#include "bench/options.hpp"

namespace troupe::bench {

class Load {
 public:
  explicit Load(const Options& options);

  void run();

  const JobLedger& ledger() const { return ledger_; }
  /// Answers 503: submitted again in a closed loop, lost in an open one.
  std::size_t shed() const { return shed_; }
  std::size_t events() const { return stream_.events(); }
  /// From the first submit to the last job's end, or to its 202 where that is what is waited for.
  double seconds() const;
  const CpuTime& cpu() const { return cpu_; }

 private:
  struct Lane {
    HttpConnection connection;
    Steady::time_point since{};  ///< of the job in flight
  };

  bool is_open_loop() const { return interval_.count() > 0; }
  bool is_over() const;
  Steady::time_point due(std::size_t job) const;
  void submit_what_is_due(Steady::time_point now);
  void submit(std::size_t lane, Steady::time_point since);
  void resume_rested(Steady::time_point now);
  void on_answer(std::size_t lane, const Answer& answer, Steady::time_point now);
  void on_shed(std::size_t lane, const Answer& answer, Steady::time_point now);
  Steady::time_point next_wake(Steady::time_point now) const;
  bool poll_once(Steady::time_point until);
  void watch(int fd, std::size_t index);
  void heed_stragglers();

  const Options options_;
  const Steady::duration interval_;  ///< between two jobs; 0: closed loop
  JobRequest request_;
  JobLedger ledger_;
  EventStream stream_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::size_t> free_lanes_;
  std::deque<std::pair<Steady::time_point, std::size_t>> resting_;  ///< lanes told to retry later
  Fd poller_;
  Steady::time_point start_{}, last_sign_{};
  std::size_t submitted_ = 0, in_flight_ = 0, shed_ = 0;
  CpuTime cpu_;
};

}  // namespace troupe::bench
