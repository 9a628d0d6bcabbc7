#include "bench/job_ledger.hpp"

#include <algorithm>

namespace troupe::bench {

JobLedger::JobLedger(std::size_t jobs, Awaits awaits) : awaits_(awaits) {
  jobs_.reserve(jobs);
  accept_.reserve(jobs);
  complete_.reserve(jobs);
}

void JobLedger::on_accepted(const JobId& job, Steady::time_point since, Steady::time_point now) {
  Entry& entry = jobs_[job];
  entry.since = since;
  entry.accepted = true;
  ++accepted_;
  last_acceptance_ = std::max(last_acceptance_, now);
  accept_.add(now - since);
  if (entry.ends > 0) settle(entry);
}

void JobLedger::on_ended(const RunEnd& end, Steady::time_point now) {
  Entry& entry = jobs_[end.job];
  entry.success = entry.success && end.success;
  if (++entry.ends > 1) return;
  entry.end = now;
  if (entry.accepted) settle(entry);
}

void JobLedger::settle(const Entry& entry) {
  complete_.add(entry.end - entry.since);
  last_end_ = std::max(last_end_, entry.end);
}

std::vector<std::string> JobLedger::faults() const {
  const bool ends_awaited = awaits_ == Awaits::ends;
  std::size_t unended = 0, early = 0, repeated = 0, failed = 0, foreign = 0;
  std::vector<std::string> faults;
  const auto tell = [&faults](std::size_t& count, const JobId& job, const std::string& fault) {
    constexpr std::size_t kNamed = 3;
    if (++count <= kNamed) faults.push_back("job " + to_string(job) + " " + fault);
  };
  for (const auto& [job, entry] : jobs_) {
    if (!entry.accepted) tell(foreign, job, "ended, but this client was never told that it is accepted");
    if (entry.ends == 0 && ends_awaited) tell(unended, job, "has not ended");
    if (entry.ends > 0 && !ends_awaited) tell(early, job, "ended, though it was to wait");
    if (entry.ends > 1) tell(repeated, job, "ended " + std::to_string(entry.ends) + " times");
    if (!entry.success) tell(failed, job, "did not end success");
  }
  if (!faults.empty())
    faults.push_back("in all: " + std::to_string(unended) + " not ended, " + std::to_string(early) + " ended early, " +
                     std::to_string(repeated) + " ended more than once, " + std::to_string(failed) + " not success, " +
                     std::to_string(foreign) + " not accepted");
  return faults;
}

}  // namespace troupe::bench
