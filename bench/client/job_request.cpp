#include "bench/job_request.hpp"

namespace troupe::bench {
namespace {

constexpr std::string_view kDigits = "0000000000";
/// 200 bytes of inputs, about what a user sends.
constexpr std::string_view kPrompt =
    "A lighthouse on a cliff at dusk, oil on canvas, warm light in the windows, gulls over the surf, the sea in deep "
    "blue and green; variant ";

}  // namespace

JobRequest::JobRequest(const std::string& host, const std::string& workflow, std::size_t jobs) {
  const std::string job = R"({"workflow_key":")" + workflow + R"(","inputs":{"prompt":")" + std::string(kPrompt) +
                          std::string(kDigits) + R"(","count":4}})";
  const bool one = jobs == 1;
  const std::size_t size = one ? job.size() : jobs * (job.size() + 1);
  text_ = std::string("POST ") + (one ? "/v1/jobs" : "/v1/jobs/batch") + " HTTP/1.1\r\nHost: " + host +
          "\r\nContent-Type: " + (one ? "application/json" : "application/x-ndjson") +
          "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  for (std::size_t i = 0; i < jobs; ++i) {
    digits_at_.push_back(text_.size() + job.rfind(kDigits));
    text_ += one ? job : job + '\n';
  }
}

std::string_view JobRequest::numbered(std::size_t first) {
  for (std::size_t at : digits_at_) {
    std::size_t number = first++;
    for (std::size_t i = kDigits.size(); i-- > 0; number /= 10) text_[at + i] = static_cast<char>('0' + number % 10);
  }
  return text_;
}

}  // namespace troupe::bench
