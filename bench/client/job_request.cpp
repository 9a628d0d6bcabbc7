#include "bench/job_request.hpp"

namespace troupe::bench {
namespace {

constexpr std::string_view kDigits = "0000000000";
/// 200 bytes of inputs, about what a user sends.
constexpr std::string_view kPrompt =
    "A lighthouse on a cliff at dusk, oil on canvas, warm light in the windows, gulls over the surf, the sea in deep "
    "blue and green; variant ";

}  // namespace

JobRequest::JobRequest(const std::string& host, const std::string& workflow) {
  const std::string body = R"({"workflow_key":")" + workflow + R"(","inputs":{"prompt":")" + std::string(kPrompt) +
                           std::string(kDigits) + R"(","count":4}})";
  text_ = "POST /v1/jobs HTTP/1.1\r\nHost: " + host +
          "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  digits_at_ = text_.rfind(kDigits);
}

std::string_view JobRequest::numbered(std::size_t number) {
  for (std::size_t i = kDigits.size(); i-- > 0; number /= 10)
    text_[digits_at_ + i] = static_cast<char>('0' + number % 10);
  return text_;
}

}  // namespace troupe::bench
