// Server-Sent Events and followed logs.
#include "api_fixture.hpp"
#include "ingress/sse.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

class StreamsTest : public ApiTest {
 protected:
  StreamsTest() {
    gateway_.job_view = sample_job(Status::running);
    gateway_.run_view = sample_run(Status::running);
  }
  static std::string events() { return std::string("/v1/jobs/") + kUuid + "/events"; }
  static std::string logs() { return std::string("/v1/runs/") + kUuid + "/logs?follow=1"; }

  void emit(std::string kind, std::uint64_t seq, std::string data, RunId run = sample_job_id().as<RunId>()) {
    auto event = std::make_shared<LiveEvent>();
    event->kind = std::move(kind);
    event->seq = seq;
    if (event->kind == "status")
      event->run_status = status_from_text(parse_json(data)->at("status").get<std::string>());
    event->data = std::move(data);
    event->run = run;
    event->job = sample_job_id();
    ASSERT_TRUE(gateway_.watcher);
    gateway_.watcher(event);
  }
};

TEST_F(StreamsTest, AJobsStreamBeginsWithItsStatusAndGoesOnFromThere) {
  const auto answer = get(events());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_TRUE(answer.stream().text().starts_with(
      "retry: 2000\n\nevent: status\ndata: {\"job_id\":\"order-1\",\"status\":\"running\""))
      << answer.stream().text();
  EXPECT_EQ(gateway_.filter.job, sample_job_id());
  EXPECT_EQ(gateway_.after_seq, 3u);
}

TEST_F(StreamsTest, DurableEventsHaveAnIdAndSoftOnesNone) {
  const auto answer = get(events());
  emit("status", 4, R"({"status":"running"})");
  emit("progress", 0, R"({"progress":0.5})");
  EXPECT_TRUE(
      answer.stream().text().ends_with("id: 4\nevent: status\ndata: {\"status\":\"running\"}\n\n"
                                       "event: progress\ndata: {\"progress\":0.5}\n\n"));
  EXPECT_FALSE(answer.stream().closed());
}

TEST_F(StreamsTest, TheStreamEndsWithTheNewestRun) {
  const auto answer = get(events());
  emit("status", 4, R"({"status":"failed"})", RunId{});  // an older run
  EXPECT_FALSE(answer.stream().closed());
  emit("status", 5, R"({"status":"running","step":"a","step_status":"failed"})");
  EXPECT_FALSE(answer.stream().closed());
  emit("status", 6, R"({"status":"failed"})");
  EXPECT_TRUE(answer.stream().closed());
  emit("progress", 0, "{}");
  EXPECT_EQ(answer.stream().text().find("progress\ndata: {}"), std::string::npos);
  answer.stream().is_over();
  EXPECT_FALSE(gateway_.watcher) << "the subscription ends with the stream";
}

TEST_F(StreamsTest, ARetryDuringTheReplayKeepsTheStreamOpen) {
  gateway_.job_view.row.run = *parse_id<RunId>(kOtherUuid);
  const auto answer = get(events(), {{"last-event-id", "0"}});
  emit("status", 3, R"({"status":"failed"})");
  EXPECT_FALSE(answer.stream().closed());
  emit("status", 9, R"({"status":"success"})", *parse_id<RunId>(kOtherUuid));
  EXPECT_TRUE(answer.stream().closed());
}

TEST_F(StreamsTest, LastEventIdResumesWithoutASnapshot) {
  const auto answer = get(events(), {{"last-event-id", "2"}});
  EXPECT_EQ(gateway_.after_seq, 2u);
  EXPECT_EQ(answer.stream().text(), "retry: 2000\n\n");
  get(events() + "?last_event_id=1");
  EXPECT_EQ(gateway_.after_seq, 1u);
  get(events() + "?last_event_id=1", {{"last-event-id", "2"}});
  EXPECT_EQ(gateway_.after_seq, 2u) << "a browser that comes back knows better than its first address";
  EXPECT_EQ(get(events(), {{"last-event-id", "abc"}}).code(), "malformed_request");
  EXPECT_EQ(get(events() + "?last_event_id=-1").code(), "invalid_query");
}

TEST_F(StreamsTest, AnEndedJobTellsSoAndEnds) {
  gateway_.job_view = sample_job(Status::success);
  const auto answer = get(events());
  EXPECT_NE(answer.stream().text().find("\"status\":\"success\""), std::string::npos);
  EXPECT_TRUE(answer.stream().closed());
  EXPECT_FALSE(gateway_.watcher);
}

TEST_F(StreamsTest, WhoHasSeenTheEndIsToldToStopAsking) {
  gateway_.job_view = sample_job(Status::success);
  EXPECT_EQ(get(events(), {{"last-event-id", "3"}}).status, 204);
  const auto answer = get(events(), {{"last-event-id", "2"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(gateway_.after_seq, 2u);
}

TEST_F(StreamsTest, AResumedStreamOfAnEndedJobEndsEvenIfNoEventTellsTheEnd) {
  gateway_.job_view = sample_job(Status::success);
  const auto answer = get(events(), {{"last-event-id", "2"}});
  EXPECT_FALSE(answer.stream().closed());
  answer.responder->fire();
  EXPECT_NE(answer.stream().text().find("\"status\":\"success\""), std::string::npos);
  EXPECT_TRUE(answer.stream().closed());
}

TEST_F(StreamsTest, ACommentComesEvery15SecondsUntilTheStreamIsOver) {
  const auto answer = get(events());
  ASSERT_EQ(answer.responder->timers.at(0).first, Millis(15'000));
  answer.responder->fire();
  EXPECT_TRUE(answer.stream().text().ends_with(": still here\n\n"));
  ASSERT_EQ(answer.responder->timers.size(), 1u);
  answer.stream().is_over();
  answer.responder->fire();
  EXPECT_TRUE(answer.responder->timers.empty());
}

TEST_F(StreamsTest, EverythingIsStreamedWithoutIds) {
  const auto answer = get("/v1/events?kind=status&workflow_key=poster&client_id=shop");
  EXPECT_EQ(gateway_.filter.kind, "status");
  EXPECT_EQ(gateway_.filter.workflow_key, "poster");
  EXPECT_EQ(gateway_.filter.client_id, "shop");
  EXPECT_EQ(gateway_.filter.job, std::nullopt);
  emit("status", 4, R"({"status":"success"})");
  EXPECT_EQ(answer.stream().text(), "retry: 2000\n\nevent: status\ndata: {\"status\":\"success\"}\n\n");
  EXPECT_FALSE(answer.stream().closed());
}

// --- followed logs

TEST_F(StreamsTest, AFollowedLogTellsWhatIsStoredThenWhatIsWrittenUntilTheEnd) {
  gateway_.log_pieces = {LogPiece{"fetch", 0, 1, "stored\n", {}, 7}};
  const auto answer = get(logs());
  ASSERT_TRUE(answer.stream().await("==> fetch, attempt 1 <==\nstored\n"));
  emit("log", 0, R"({"step":"fetch","item":0,"attempt":1,"text":"stored\n"})");
  emit("log", 0, R"({"step":"render","item":0,"attempt":1,"text":"live 1\n"})");
  emit("log", 0, R"({"step":"render","item":0,"attempt":1,"text":"live 2\n"})");
  emit("log", 0, R"({"step":"render","item":0,"attempt":1,"text":"of another run"})", RunId{});
  emit("status", 9, R"({"status":"success"})");
  ASSERT_TRUE(answer.stream().await_closed());
  EXPECT_EQ(answer.stream().text(), "==> fetch, attempt 1 <==\nstored\n\n==> render, attempt 1 <==\nlive 1\nlive 2\n");
}

TEST_F(StreamsTest, AFollowedLogKeepsTheEndHoweverMuchIsToldMeanwhile) {
  gateway_.while_reading_logs = [&] {
    for (std::size_t i = 0; i <= 2 * limits::kEventsHeld; ++i) emit("progress", 0, R"({"step":"fetch"})");
    emit("status", 9, R"({"status":"success"})");
  };
  EXPECT_TRUE(get(logs()).stream().await_closed());
}

TEST_F(StreamsTest, AFollowedLogIsCutOffWhenTooMuchWaitsForItsReader) {
  const std::string text(limits::kStreamBytes / 4, 'x');
  gateway_.while_reading_logs = [&] {
    for (int i = 0; i < 4; ++i) emit("log", 0, R"({"step":"render","item":0,"attempt":1,"text":")" + text + R"("})");
  };
  const auto answer = get(logs());
  EXPECT_TRUE(answer.stream().await_closed());
  EXPECT_EQ(answer.stream().text().find("render"), std::string::npos);
}

TEST_F(StreamsTest, FollowingARunThatHasEndedSendsWhatThereIs) {
  gateway_.run_view = sample_run(Status::failed);
  gateway_.log_pieces = {LogPiece{"fetch", 0, 1, "stored\n", {}, 7}};
  EXPECT_EQ(get(logs()).body, "==> fetch, attempt 1 <==\nstored\n");
  EXPECT_EQ(get(std::string("/v1/runs/") + kUuid + "/logs?follow=maybe").code(), "invalid_query");
}

TEST_F(StreamsTest, AStepCanBeFollowedAlone) {
  gateway_.log_pieces = {LogPiece{"fetch", 0, 1, "stored\n", {}, 7}, LogPiece{"render", 0, 1, "r\n", {}, 2}};
  const auto answer = get(logs() + "&step=render");
  ASSERT_TRUE(answer.stream().await("r\n"));
  emit("log", 0, R"({"step":"fetch","item":1,"attempt":1,"text":"other"})");
  emit("log", 0, R"({"step":"render","item":1,"attempt":1,"text":"mine"})");
  ASSERT_TRUE(answer.stream().await("mine"));
  EXPECT_EQ(answer.stream().text(), "==> render, attempt 1 <==\nr\n\n==> render, item 1, attempt 1 <==\nmine");
}

}  // namespace
}  // namespace troupe::ingress
