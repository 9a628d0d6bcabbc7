// Secrets on their way through a node: put in place by the worker, and nowhere else to be seen.
#include <gmock/gmock.h>

#include "actors/node_fixture.hpp"
#include "codec/json.hpp"
#include "codec/secret_mark.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCall = R"(key: call
inputs: {type: object}
steps:
  - name: ask
    type: http
    retry: {max_attempts: 2, jitter: none}
    config: {url: "http://h/${secret:PATH}", headers: {Authorization: "Bearer ${secret:TOKEN}"}, body: "${ .inputs.text }"}
  - {name: after, type: noop, config: {seen: "${ .steps.ask }"}}
outputs: {seen: "${ .steps.ask }"}
)";

class SecretsTest : public NodeTest {
 protected:
  SecretsTest() {
    secrets_.values = {{"TOKEN", "tok-1234567"}, {"PATH", "p/\"q\"&r"}};
    subscription_ = gateway().subscribe({}, {}, {}, [this](const LiveEventPtr& event) { seen_ += event->data + "\n"; });
  }

  void TearDown() override {
    subscription_.reset();
    NodeTest::TearDown();
  }

  JobId submit_text(const std::string& text) {
    SubmitJob job;
    job.inputs = to_document(Json{{"text", text}});
    return submit("call", job);
  }
  /// Everything that is stored of the job, and what watchers were told.
  std::string everything(const JobId& id) {
    const JobRow job = row(id);
    std::string all = seen_ + std::string(job.spec.view()) + std::string(job.outputs.view()) +
                      std::string(job.error.view()) + std::string(job.state.begin(), job.state.end());
    JournalQuery query;
    query.chain = id.as<ChainId>();
    const auto journal = reader_->journal(query);
    for (const JournalRow& record : *journal) all += record.records;
    const auto results = reader_->results(job.run);
    for (const ResultRow& result : *results)
      all += std::string(result.outputs.view()) + std::string(result.error.view()) + result.log;
    return all;
  }

  std::unique_ptr<Subscription> subscription_;
  std::string seen_;
};

TEST_F(SecretsTest, AreInTheConfigThatTheExecutorGetsAndInNoOther) {
  given_workflow(kCall);
  const JobId job = submit_text("say ${secret:TOKEN}");
  EXPECT_EQ(executor_->config("ask"),
            R"({"body":"say ${secret:TOKEN}","headers":{"Authorization":"Bearer tok-1234567"},)"
            R"("url":"http://h/p/\"q\"&r"})");
  executor_->complete("ask");
  run();
  executor_->complete("after");
  run();
  EXPECT_EQ(status(job), Status::success);
  EXPECT_THAT(everything(job), Not(HasSubstr("tok-1234567")));
  EXPECT_FALSE(holds_secret_marks(everything(job)));
}

TEST_F(SecretsTest, AreMaskedInWhatComesBack) {
  given_workflow(kCall);
  const JobId job = submit_text("x");
  executor_->log("ask", "stdout", "the token is tok-12");
  executor_->log("ask", "stdout", "34567, and the path p/");
  executor_->log("ask", "stderr", "tok-1234567");
  executor_->progress("ask", 0.5, "with tok-1234567");
  executor_->preview("ask", "text/plain", "tok-1234567");
  executor_->complete("ask", R"({"echo":"tok-1234567 p/\"q\"&r"})", "log: tok-1234567\n");
  run();
  EXPECT_THAT(executor_->config("after"), HasSubstr(R"("echo":"*** ***")"));
  executor_->complete("after");
  run();
  EXPECT_EQ(row(job).outputs.view(), R"({"seen":{"echo":"*** ***"}})");
  EXPECT_THAT(seen_, HasSubstr("the token is "));
  EXPECT_THAT(seen_, HasSubstr("***, and the path "));
  EXPECT_THAT(seen_, HasSubstr("with ***"));
  EXPECT_THAT(seen_, HasSubstr(R"("data":"Kioq")")) << "base64 of ***";
  EXPECT_THAT(everything(job), Not(HasSubstr("tok-1234567")));
  EXPECT_THAT(everything(job), Not(HasSubstr("34567")));
}

TEST_F(SecretsTest, AreMaskedInErrors) {
  given_workflow(kCall);
  const JobId job = submit_text("x");
  executor_->fail_with("ask", {ErrorCode::http_status, "answered 401: bad tok-1234567", false, {}});
  run();
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_THAT(row(job).error.view(), HasSubstr("answered 401: bad ***"));
  EXPECT_THAT(everything(job), Not(HasSubstr("tok-1234567")));
}

TEST_F(SecretsTest, ThatAreUnknownFailTheStepForGood) {
  given_workflow(kCall);
  secrets_.values.erase("TOKEN");
  const JobId job = submit_text("x");
  EXPECT_EQ(status(job), Status::failed);
  EXPECT_EQ(error_code(job), "unknown_secret");
  EXPECT_EQ(executor_->count_started("ask"), 0u);
  EXPECT_EQ(busy_slots(), 0u);
}

TEST_F(SecretsTest, AreReadAnewForEachAttempt) {
  given_workflow(kCall);
  submit_text("x");
  secrets_.values["TOKEN"] = "rotated-token";
  executor_->fail("ask", /*retryable=*/true);
  run();
  pass(2s);
  EXPECT_THAT(executor_->config("ask"), HasSubstr("Bearer rotated-token"));
  executor_->complete("ask");
  run();
  executor_->complete("after");
}

TEST_F(SecretsTest, AreInTheConfigOfACompensationToo) {
  given_workflow(R"(key: undo
steps:
  - {name: do, type: noop, compensate: {type: exec, config: {command: undo, env: {T: "${secret:TOKEN}"}}}}
  - {name: bad, type: noop, retry: {max_attempts: 1}}
)");
  const JobId job = submit("undo");
  executor_->complete("do");
  run();
  executor_->fail("bad", false);
  run();
  EXPECT_THAT(executor_->config("do"), HasSubstr("tok-1234567"));
  executor_->complete("do");
  run();
  EXPECT_EQ(status(job), Status::failed);
}

TEST_F(SecretsTest, AreFilledInOnlyOnceTheStartIsCommitted) {
  given_workflow(R"({key: once, steps: [{name: go, type: exec, config: {command: x, args: ["${secret:TOKEN}"]}}]})");
  const JobId job = submit("once");
  EXPECT_THAT(actions(job), ElementsAre("job.accepted", "step.started"));
  EXPECT_THAT(executor_->config("go"), HasSubstr("tok-1234567"));
  executor_->complete("go");
}

}  // namespace
}  // namespace troupe::test
