// POST /v1/jobs/batch: an answer for each job, in order, and what becomes of the others when one is at fault.
#include "api_fixture.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

constexpr const char* kLines = "application/x-ndjson";
constexpr const char* kArray = "application/json";

class BatchTest : public ApiTest {
 protected:
  BatchTest() {
    gateway_.decide = [this](const SubmitJob& job) -> Result<AcceptedJob> {
      keys_.push_back(job.workflow_key);
      digests_.push_back(job.request);
      if (job.workflow_key == "unknown") return {ErrorCode::unknown_workflow, "there is no workflow unknown"};
      AcceptedJob accepted = sample_accepted();
      accepted.job_id = job.job_id;
      accepted.repeated = job.job_id == "again";
      return accepted;
    };
  }

  std::shared_ptr<FakeResponder> begin_batch(const char* type, Headers headers = {}) {
    headers.emplace_back("content-type", type);
    return begin("POST", "/v1/jobs/batch", {}, std::move(headers));
  }
  /// In pieces, as a connection gives them.
  Answered batch(const char* type, std::string_view body, std::size_t piece = 7) {
    const auto responder = begin_batch(type);
    EXPECT_TRUE(responder->sink) << responder->response.body;
    if (!responder->sink) return answer_of(responder);
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
      responder->sink->take(body.substr(0, piece));
    responder->sink->complete();
    EXPECT_TRUE(responder->await_answer());
    return answer_of(responder);
  }
  static std::vector<int> statuses(const Json& items) {
    std::vector<int> list;
    for (const Json& item : items) list.push_back(item.at("status"));
    return list;
  }

  std::vector<std::string> keys_;
  std::vector<Digest> digests_;
};

constexpr const char* kThree = R"({"jobs":[{"workflow_key":"a","job_id":"one"},{"workflow_key":"unknown"},
  {"workflow_key":"b","job_id":"again"}]})";

TEST_F(BatchTest, AnswersEachJobInOrder) {
  const auto answer = batch(kArray, kThree);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), kArray);
  const Json body = answer.json();
  EXPECT_EQ(statuses(body["items"]), (std::vector{202, 422, 200}));
  EXPECT_EQ(body["accepted"], 1);
  EXPECT_EQ(body["refused"], 1);
  EXPECT_EQ(body["repeated"], 1);
  EXPECT_EQ(body["items"][0]["job"]["job_id"], "one");
  EXPECT_EQ(body["items"][1]["error"]["code"], "unknown_workflow");
  EXPECT_EQ(keys_, (std::vector<std::string>{"a", "unknown", "b"}));
}

TEST_F(BatchTest, AnswersLinesByLines) {
  const auto answer =
      batch(kLines, "{\"workflow_key\":\"a\"}\n{\"workflow_key\":\n\n{\"workflow_key\":\"b\",\"x\":1}\n3");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), kLines);
  Json items = Json::array();
  for (std::string_view rest = answer.body; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    items.push_back(*parse_json(rest.substr(0, rest.find('\n'))));
  EXPECT_EQ(statuses(items), (std::vector{202, 400, 422, 422}));
  EXPECT_EQ(items[1]["error"]["code"], "malformed_json");
  EXPECT_EQ(items[2]["error"]["errors"][0]["pointer"], "/x");
}

TEST_F(BatchTest, JobsBeforeAFaultOfTheWholeAreTakenAndTold) {
  const auto answer = batch(kArray, R"({"jobs":[{"workflow_key":"a"},{"workflow_key":"b"}],"x":1})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.code(), "malformed_json");
  EXPECT_EQ(statuses(answer.json()["items"]), (std::vector{202, 202}));
  EXPECT_EQ(keys_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(BatchTest, ABodyThatBreaksOffIsAFaultOfTheWhole) {
  for (const char* type : {kArray, kLines}) {
    const auto responder = begin_batch(type);
    ASSERT_TRUE(responder->sink);
    responder->sink->take(std::string_view(type) == kArray ? R"({"jobs":[{"workflow_key":"a"},{"wor)"
                                                           : "{\"workflow_key\":\"a\"}\n{\"wor");
    responder->sink->fail({ErrorCode::request_timeout, "late", true, {}});
    ASSERT_TRUE(responder->await_answer());
    const auto answer = answer_of(responder);
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(statuses(answer.json()["items"]), (std::vector{202}));
  }
}

TEST_F(BatchTest, TakesTenThousandAndNoMore) {
  std::string body;
  for (std::size_t i = 0; i < limits::kBatchJobs; ++i) body += "{\"workflow_key\":\"a\"}\n";
  const auto all = batch(kLines, body, 60'000);
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(std::count(all.body.begin(), all.body.end(), '\n'), 10'000);

  keys_.clear();
  const auto more = batch(kLines, body + "{\"workflow_key\":\"b\"}\n", 60'000);
  EXPECT_EQ(more.status, 413);
  EXPECT_EQ(more.code(), "payload_too_large");
  EXPECT_EQ(more.json()["items"].size(), limits::kBatchJobs);
  EXPECT_EQ(std::count(keys_.begin(), keys_.end(), "b"), 0);
}

TEST_F(BatchTest, AJobThatIsTooLargeIsRefusedAlone) {
  options_.body_bytes = 100;
  const auto answer = batch(kLines, "{\"workflow_key\":\"a\"}\n{\"workflow_key\":\"b\",\"metadata\":{\"x\":\"" +
                                        std::string(200, 'x') + "\"}}\n{\"workflow_key\":\"c\"}");
  EXPECT_EQ(keys_, (std::vector<std::string>{"a", "c"}));
  EXPECT_NE(answer.body.find("{\"status\":413,"), std::string::npos) << answer.body;
}

TEST_F(BatchTest, ReadsNoFurtherWhileTooManyJobsWait) {
  gateway_.hold_submits = true;
  const auto responder = begin_batch(kLines);
  ASSERT_TRUE(responder->sink);
  std::size_t sent = 0;
  while (responder->sink->has_room() && sent < limits::kBatchJobs) {
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += "{\"workflow_key\":\"a\"}\n";
    responder->sink->take(lines);
    sent += 100;
  }
  ASSERT_LT(sent, limits::kBatchJobs) << "something bounds what waits";
  std::size_t released = 0;
  const auto release = [&] {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (released < sent && std::chrono::steady_clock::now() < deadline) {
      std::vector<std::function<void()>> held;
      {
        const std::lock_guard lock(gateway_.held_mutex);
        held.swap(gateway_.held_submits);
      }
      for (const auto& answer : held) answer(), released += 100;
    }
  };
  release();
  EXPECT_TRUE(responder->await_read_on());
  EXPECT_TRUE(responder->sink->has_room());
  responder->sink->complete();
  ASSERT_TRUE(responder->await_answer());
  EXPECT_EQ(
      static_cast<std::size_t>(std::count(responder->response.body.begin(), responder->response.body.end(), '\n')),
      sent);
}

TEST_F(BatchTest, IsRefusedBeforeItsBodyIsRead) {
  given_keys({key("viewer", Role::viewer), key("client", Role::client, "shop")});
  EXPECT_EQ(answer_of(begin_batch(kArray)).status, 401);
  EXPECT_EQ(answer_of(begin_batch(kArray, {{"authorization", "Bearer trp_viewer"}})).status, 403);
  const Headers client = {{"authorization", "Bearer trp_client"}};
  EXPECT_EQ(answer_of(begin_batch("text/plain", client)).code(), "unsupported_media_type");
  EXPECT_EQ(answer_of(begin_batch(kArray, {client[0], {"idempotency-key", "k"}})).code(), "not_supported");
}

TEST_F(BatchTest, AJobOfAnotherClientThanTheCredentialsIsRefusedAlone) {
  given_keys({key("client", Role::client, "shop")});
  const auto responder = begin_batch(kLines, {{"authorization", "Bearer trp_client"}});
  ASSERT_TRUE(responder->sink);
  responder->sink->take("{\"workflow_key\":\"a\",\"client_id\":\"other\"}\n{\"workflow_key\":\"b\"}\n");
  responder->sink->complete();
  ASSERT_TRUE(responder->await_answer());
  EXPECT_NE(responder->response.body.find("{\"status\":403,"), std::string::npos);
  EXPECT_EQ(keys_, (std::vector<std::string>{"b"}));
}

TEST_F(BatchTest, SoManyAtOnceAreTaken) {
  std::vector<std::shared_ptr<FakeResponder>> open;
  for (std::size_t i = 0; i < limits::kBatches; ++i) open.push_back(begin_batch(kLines));
  EXPECT_TRUE(open.back()->sink);
  const auto refused = answer_of(begin_batch(kLines));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "overloaded");
  open.front()->sink = nullptr;  // its client went away
  EXPECT_TRUE(begin_batch(kLines)->sink);
  for (auto& responder : open) responder->sink = nullptr;
}

TEST_F(BatchTest, TheDigestOfAJobWithAJobIdIsThatOfTheSingleSubmit) {
  const char* job = R"({"workflow_key":"a","job_id":"one","inputs":{"b":1,"a":2}})";
  (void)batch(kLines, job);
  ASSERT_EQ(digests_.size(), 1u);
  const Digest of_batch = digests_[0];
  EXPECT_NE(of_batch, Digest{});
  (void)post("/v1/jobs", job);
  EXPECT_EQ(digests_.at(1), of_batch);
}

}  // namespace
}  // namespace troupe::ingress
