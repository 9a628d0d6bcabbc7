// The POST that submits a job. Made once; only the digits of a number in the prompt change from job to job.
#pragma once

#include <string>
#include <string_view>

namespace troupe::bench {

class JobRequest {
 public:
  JobRequest(const std::string& host, const std::string& workflow);

  /// Valid until the next call.
  std::string_view numbered(std::size_t number);

 private:
  std::string text_;
  std::size_t digits_at_ = 0;
};

}  // namespace troupe::bench
