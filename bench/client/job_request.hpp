// The POST that submits a job, or a batch of them. Made once; only the digits of a number in the prompt change from job
// to job.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

class JobRequest {
 public:
  /// With more than one job: NDJSON to POST /v1/jobs/batch.
  JobRequest(const std::string& host, const std::string& workflow, std::size_t jobs = 1);

  /// Its first job bears this number, the next ones those that follow. Valid until the next call.
  std::string_view numbered(std::size_t first);

 private:
  std::string text_;
  std::vector<std::size_t> digits_at_;  ///< by job
};

}  // namespace troupe::bench
