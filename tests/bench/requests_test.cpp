#include <gtest/gtest.h>

#include <algorithm>

#include "bench/http_connection.hpp"
#include "bench/job_request.hpp"
#include "bench/options.hpp"

namespace troupe::bench {
namespace {

TEST(Answer, IsGivenOnlyWhenItIsWhole) {
  const std::string text = "HTTP/1.1 202 Accepted\r\nDate: now\r\ncontent-length: 4\r\nRetry-After:  7\r\n\r\nbody";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse_answer(text.substr(0, size))) << size;
  const auto answer = parse_answer(text);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->body, "body");
  EXPECT_EQ(numeric_header(answer->head, "Retry-After"), 7u);
  EXPECT_FALSE(numeric_header(answer->head, "Retry"));
}

TEST(JobRequest, ChangesNothingButTheNumber) {
  JobRequest request("127.0.0.1", "noop1");
  const std::string first(request.numbered(1)), second(request.numbered(1'234'567'890));
  EXPECT_EQ(first.size(), second.size());
  EXPECT_NE(first.find("variant 0000000001\""), std::string::npos);
  EXPECT_NE(second.find("variant 1234567890\""), std::string::npos);
  const auto body = first.substr(first.find("\r\n\r\n") + 4);
  EXPECT_NE(first.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
}

TEST(JobRequest, OfABatchNumbersItsJobs) {
  JobRequest request("127.0.0.1", "noop1", 3);
  const std::string text(request.numbered(98));
  const auto body = text.substr(text.find("\r\n\r\n") + 4);
  EXPECT_NE(text.find("POST /v1/jobs/batch "), std::string::npos);
  EXPECT_NE(text.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
  EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), 3);
  for (const char* number : {"0000000098\"", "0000000099\"", "0000000100\""})
    EXPECT_NE(body.find(number), std::string::npos) << number;
}

TEST(Options, OfAnOpenLoopHaveAsManyJobsAsTheRateGives) {
  EXPECT_EQ(read_options({"latency", "--rate", "2000", "--seconds", "2.5"}).job_count(), 5'000u);
  EXPECT_EQ(read_options({"throughput", "--jobs", "7"}).job_count(), 7u);
  EXPECT_EQ(read_options({"chain"}).workflow, "chain10");
}

TEST(OptionsDeathTest, RefuseWhatTheyDoNotKnow) {
  EXPECT_EXIT(read_options({"speed"}), testing::ExitedWithCode(2), "no mode speed");
  EXPECT_EXIT(read_options({"chain", "--job", "7"}), testing::ExitedWithCode(2), "no option --job");
  EXPECT_EXIT(read_options({"chain", "--jobs"}), testing::ExitedWithCode(2), "--jobs needs a value");
  EXPECT_EXIT(read_options({"chain", "--jobs", "7x"}), testing::ExitedWithCode(2), "--jobs cannot be 7x");
  EXPECT_EXIT(read_options({"batch", "--jobs", "7", "--batch", "3"}), testing::ExitedWithCode(2), "a multiple");
  EXPECT_EXIT(read_options({"chain", "--batch", "3"}), testing::ExitedWithCode(2), "--batch is of the mode batch");
}

}  // namespace
}  // namespace troupe::bench
