#include "cli/cli_fixture.hpp"

namespace troupe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class JobCommandTest : public CliTest {};

constexpr const char* kAccepted =
    R"({"id":"0190aaaa-0000-7000-8000-000000000001","job_id":"mine","status":"pending","message":"The job is accepted and stored."})";
constexpr const char* kEnded =
    R"({"id":"0190aaaa-0000-7000-8000-000000000001","job_id":"mine","status":"success","workflow_key":"hello","workflow_version":2,
        "client_id":"default","created_at":"2026-11-21T01:02:03.456Z","outputs":{"greeting":"hi"},
        "steps":[{"name":"greet","type":"transform","status":"success","progress":1,"attempts":[{}]}]})";

TEST_F(JobCommandTest, SubmitSendsWhatItWasTold) {
  server_.answer("POST /v1/jobs", 202, kAccepted);
  EXPECT_EQ(run({"job",
                 "submit",
                 "hello",
                 "--input",
                 "count=3",
                 "--input",
                 "name=Ada Lovelace",
                 "-i",
                 "tags=[\"a\"]",
                 "-i",
                 "odd=a=b",
                 "--job-id",
                 "mine",
                 "--client",
                 "shop",
                 "--priority",
                 "9",
                 "--timeout",
                 "1m30s",
                 "--metadata",
                 "user_id=u7",
                 "--idempotency-key",
                 "once",
                 "--token",
                 "trp_secret"}),
            0);
  EXPECT_EQ(last_body(), (Json{{"workflow_key", "hello"},
                               {"inputs", {{"count", 3}, {"name", "Ada Lovelace"}, {"tags", {"a"}}, {"odd", "a=b"}}},
                               {"job_id", "mine"},
                               {"client_id", "shop"},
                               {"priority", 9},
                               {"timeout_seconds", 90.0},
                               {"metadata", {{"user_id", "u7"}}}}));
  EXPECT_EQ(last_request().headers.at("authorization"), "Bearer trp_secret");
  EXPECT_EQ(last_request().headers.at("idempotency-key"), "once");
  EXPECT_THAT(out_, HasSubstr("mine"));
  EXPECT_THAT(out_, HasSubstr("pending"));
  EXPECT_THAT(out_, Not(HasSubstr("\x1b"))) << "no colours unless on a terminal";
}

TEST_F(JobCommandTest, SubmitReadsInputsFromStandardInputAndArgumentsWin) {
  server_.answer("POST /v1/jobs", 202, kAccepted);
  standard_input_ = R"({"a":1,"b":1})";
  EXPECT_EQ(run({"job", "submit", "hello", "--inputs", "-", "-i", "b=2"}), 0);
  EXPECT_EQ(last_body()["inputs"], (Json{{"a", 1}, {"b", 2}}));
}

TEST_F(JobCommandTest, SubmitTakesAWorkflowNamedLikeACommand) {
  server_.answer("POST /v1/jobs", 202, kAccepted);
  EXPECT_EQ(run({"job", "submit", "list"}), 0);
  EXPECT_EQ(last_body()["workflow_key"], "list");
}

TEST_F(JobCommandTest, SubmitPrintsTheAnswerAsOneDocument) {
  server_.answer("POST /v1/jobs", 202, kAccepted);
  EXPECT_EQ(run({"job", "submit", "hello", "--json"}), 0);
  EXPECT_EQ(out_json(), parse_json(kAccepted).value());
}

TEST_F(JobCommandTest, SubmitWaitsForTheEndAndItsExitCodeTellsHowItEnded) {
  const std::string get = "GET /v1/jobs/0190aaaa-0000-7000-8000-000000000001";
  server_.answer("POST /v1/jobs", 202, kAccepted);
  server_.answer(get, 200, R"({"status":"running"})");
  server_.answer(get, 200, kEnded);
  EXPECT_EQ(run({"job", "submit", "hello", "--wait", "--json"}), 0);
  EXPECT_EQ(out_json()["outputs"]["greeting"], "hi");
  EXPECT_EQ(last_request().headers.at("prefer"), "wait=30");
  EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(JobCommandTest, SubmitWithWaitFailsWithAFailedJob) {
  server_.answer("POST /v1/jobs", 202, kAccepted);
  server_.answer("GET /v1/jobs/0190aaaa-0000-7000-8000-000000000001", 200,
                 R"({"status":"failed","error":{"code":"command_failed","message":"exit code 3"}})");
  EXPECT_EQ(run({"job", "submit", "hello", "--wait"}), 1);
  EXPECT_THAT(out_, HasSubstr("command_failed: exit code 3"));
}

TEST_F(JobCommandTest, RefusedFieldsAreShownWithTheirPlacesAndARemedy) {
  server_.answer(
      "POST /v1/jobs", 422,
      R"({"title":"Some fields are wrong.","status":422,"code":"validation_failed","detail":"The inputs do not fit.",)"
      R"("request_id":"req-7","errors":[{"pointer":"/inputs/prompt","message":"is required"}]})");
  EXPECT_EQ(run({"job", "submit", "hello"}), 1);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_,
            "error: The inputs do not fit.\n  /inputs/prompt: is required\nhint: Mend the fields named in "
            "errors.\nrequest: req-7\n");
}

TEST_F(JobCommandTest, RefusalIsAProblemDocumentOnStandardErrorWithJson) {
  server_.refuse("POST /v1/jobs", 409, "job_id_conflict", "taken");
  EXPECT_EQ(run({"job", "submit", "hello", "--json"}), 6);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(parse_json(err_).value()["code"], "job_id_conflict");
}

struct Refusal {
  int status;
  int exit_code;
};
TEST_F(JobCommandTest, ExitCodeFollowsTheStatus) {
  for (const Refusal& row :
       std::vector<Refusal>{{400, 1}, {401, 4}, {403, 4}, {404, 5}, {409, 6}, {422, 1}, {423, 1}, {503, 1}}) {
    const std::string id = "job-" + std::to_string(row.status);
    server_.refuse("GET /v1/jobs/" + id, row.status, "some_code", "no");
    EXPECT_EQ(run({"job", "get", id}), row.exit_code) << row.status;
    EXPECT_THAT(err_, HasSubstr("error: no"));
  }
}

TEST_F(JobCommandTest, ServerThatIsNotThereIsExitCodeThree) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(testing::closed_port());
  for (const std::vector<std::string>& command : {std::vector<std::string>{"job", "get", "x"},
                                                  {"job", "list"},
                                                  {"job", "watch", "x"},
                                                  {"job", "submit", "x"},
                                                  {"workflow", "list"},
                                                  {"audit", "verify"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--server", nowhere});
    EXPECT_EQ(run_bare(arguments), 3) << command[0] << ' ' << command[1];
    EXPECT_THAT(err_, HasSubstr("troupe serve"));
  }
}

TEST_F(JobCommandTest, AnswerThatIsNoProblemDocumentIsToldAsSuch) {
  server_.answer("GET /v1/jobs/x", 502, "<html>Bad gateway</html>");
  EXPECT_EQ(run({"job", "get", "x"}), 1);
  EXPECT_THAT(err_, HasSubstr("status 502"));
}

TEST_F(JobCommandTest, GetShowsStepsAndOutputs) {
  server_.answer("GET /v1/jobs/mine?client_id=shop", 200, kEnded);
  EXPECT_EQ(run({"job", "get", "mine", "--client", "shop"}), 0);
  for (const char* text : {"status     success", "workflow   hello version 2", "created    2026-11-21 01:02:03",
                           "STEP   TYPE       STATUS   PROGRESS  ATTEMPTS", "greet  transform  success  100%      1",
                           "\"greeting\": \"hi\""})
    EXPECT_THAT(out_, HasSubstr(text));
}

TEST_F(JobCommandTest, GetTellsOfAnOpenJobWhenItWillEndAndWhereItWaits) {
  server_.answer(
      "GET /v1/jobs/j", 200,
      R"({"id":"j","status":"running","waiting_for":"worker","estimated_completion":"2026-11-21T01:03:03.456Z",)"
      R"("queue":{"position":3,"estimated_start":"2026-11-21T01:02:09.000Z"}})");
  EXPECT_EQ(run({"job", "get", "j"}), 0);
  EXPECT_THAT(out_, HasSubstr("expected   2026-11-21 01:03:03\n"));
  EXPECT_THAT(out_, HasSubstr("queue      place 3, its turn at 2026-11-21 01:02:09\n"));
}

TEST_F(JobCommandTest, GetTellsWhichRunTheNewestOneIsARetryOf) {
  server_.answer("GET /v1/jobs/j", 200,
                 R"({"id":"j","status":"running","runs":[{"number":1,"retry_of":null},)"
                 R"({"number":2,"retry_of":"r1","from_step":"send","requested_by":"ada"}]})");
  server_.answer(
      "GET /v1/jobs/k", 200,
      R"({"id":"k","status":"running","runs":[{"number":2,"retry_of":"r1","from_step":null,"requested_by":"ada"}]})");
  server_.answer("GET /v1/jobs/l", 200, R"({"id":"l","status":"running","runs":[{"number":1,"retry_of":null}]})");
  EXPECT_EQ(run({"job", "get", "j"}), 0);
  EXPECT_THAT(out_, HasSubstr("retry      run 2 after r1, from step send, asked for by ada\n"));
  EXPECT_EQ(run({"job", "get", "k"}), 0);
  EXPECT_THAT(out_, HasSubstr("retry      run 2 after r1, asked for by ada\n"));
  EXPECT_EQ(run({"job", "get", "l"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr("retry")));
}

TEST_F(JobCommandTest, IdsAreEncodedIntoThePath) {
  server_.answer("GET /v1/jobs/a%2F..%2Fb%20%3F", 200, kEnded);
  EXPECT_EQ(run({"job", "get", "a/../b ?"}), 0) << err_;
}

TEST_F(JobCommandTest, NothingFromTheServerControlsTheTerminal) {
  server_.answer("GET /v1/jobs/x", 200,
                 R"({"job_id":"\u001b[2Jx","status":"running","message":"\u0007bell\nline","outputs":{"a":"\u001b"}})");
  EXPECT_EQ(run({"job", "get", "x"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
  EXPECT_THAT(out_, Not(HasSubstr("\x07")));
}

TEST_F(JobCommandTest, ListSendsItsFilters) {
  server_.answer("GET /v1/jobs?status=failed&client_id=shop&workflow_key=hello&q=a%26b&limit=2", 200,
                 R"({"items":[{"job_id":"j1","workflow_key":"hello","status":"failed","progress":0.5,"client_id":"shop",
                    "created_at":"2026-11-21T01:02:03.456Z","error":{"code":"step_timeout"}}],"next_cursor":"abc"})");
  EXPECT_EQ(run({"job", "list", "--status", "failed", "--client", "shop", "--workflow", "hello", "-q", "a&b", "--limit",
                 "2"}),
            0);
  EXPECT_EQ(out_,
            "JOB  WORKFLOW  STATUS  PROGRESS  CLIENT  CREATED              NOTE\n"
            "j1   hello     failed  50%       shop    2026-11-21 01:02:03  step_timeout\n");
  EXPECT_EQ(err_, "more: --cursor abc\n");
}

TEST_F(JobCommandTest, CancelAndRetrySendTheirBodies) {
  server_.answer("POST /v1/jobs/j1/cancel", 202, R"({"job_id":"j1","status":"running"})");
  EXPECT_EQ(run({"job", "cancel", "j1", "--reason", "wrong prompt"}), 0);
  EXPECT_EQ(last_body(), (Json{{"reason", "wrong prompt"}}));

  server_.answer("POST /v1/jobs/j1/retry", 202, R"({"job_id":"j1","status":"pending"})");
  EXPECT_EQ(run({"job", "retry", "j1", "--from-step", "render", "--inputs", given_file("retry.json", R"({"n":2})")}),
            0);
  EXPECT_EQ(last_body(), (Json{{"from_step", "render"}, {"inputs", {{"n", 2}}}}));
}

TEST_F(JobCommandTest, SignalAndReviewGoToTheNewestRun) {
  server_.answer("GET /v1/jobs/j1", 200, R"({"job_id":"j1","execution_id":"r2"})");
  server_.answer("POST /v1/runs/r2/signals/paid", 202, R"({"job_id":"j1","status":"running"})");
  EXPECT_EQ(run({"job", "signal", "j1", "paid", "--payload", R"({"amount":12})"}), 0);
  EXPECT_EQ(last_body(), (Json{{"payload", {{"amount", 12}}}}));

  server_.answer("GET /v1/jobs/j1", 200, R"({"job_id":"j1","execution_id":"r2"})");
  server_.answer("POST /v1/runs/r2/review", 200,
                 R"({"reviews":[{"image_id":"i1","decision":"approved"},{"image_id":"i3","decision":"rejected"}]})");
  EXPECT_EQ(run({"job", "review", "j1", "--reviewer", "ada", "--approve", "i1", "--reject", "i3"}), 0);
  EXPECT_EQ(last_body(), (Json{{"reviewer", "ada"}, {"approve", {"i1"}}, {"reject", {"i3"}}}));
  EXPECT_EQ(out_, "IMAGE  DECISION  REVIEWER\ni1     approved  \ni3     rejected  \n");

  EXPECT_EQ(run({"job", "review", "j1", "--reviewer", "ada"}), 2);
}

TEST_F(JobCommandTest, ADecisionAboutADoubtGoesToTheNewestRun) {
  server_.answer("GET /v1/jobs/j1", 200, R"({"job_id":"j1","execution_id":"r2"})");
  server_.answer("POST /v1/runs/r2/steps/pay/resolve", 202, R"({"job_id":"j1","status":"running"})");
  EXPECT_EQ(
      run({"job", "resolve", "j1", "pay", "done", "--item", "0", "--output", R"({"id":7})", "--comment", "it is"}), 0);
  EXPECT_EQ(last_body(), (Json{{"decision", "done"}, {"item", 0}, {"output", {{"id", 7}}}, {"comment", "it is"}}));
  EXPECT_THAT(out_, HasSubstr("running"));

  server_.answer("GET /v1/jobs/j1", 200, R"({"job_id":"j1","execution_id":"r2"})");
  server_.refuse("POST /v1/runs/r2/steps/book/resolve", 409, "conflict", "No attempt of it is in doubt.");
  EXPECT_EQ(run({"job", "resolve", "j1", "book", "repeat"}), 6);
  EXPECT_EQ(last_body(), (Json{{"decision", "repeat"}}));

  EXPECT_EQ(run({"job", "resolve", "j1", "pay", "perhaps"}), 2);
  EXPECT_EQ(run({"job", "resolve", "j1", "pay", "done", "--output", "{bad"}), 2);
  EXPECT_THAT(err_, HasSubstr("--output begins like JSON, but is none: line 1, column "));
  EXPECT_EQ(run({"job", "resolve", "j1", "pay"}), 2);
}

TEST_F(JobCommandTest, GetTellsWhatIsInDoubt) {
  server_.answer("GET /v1/jobs/j", 200,
                 R"({"id":"j","status":"running","waiting_for":"approval","steps":[{"name":"pay","for_each":true,)"
                 R"("in_doubt":[{"item":3,"attempt":2,"compensation":false,"since":"2026-11-21T01:03:03.456Z"}]},)"
                 R"({"name":"book","for_each":false,)"
                 R"("in_doubt":[{"item":0,"attempt":1,"compensation":true,"since":"2026-11-21T01:03:03.456Z"}]}]})");
  EXPECT_EQ(run({"job", "get", "j"}), 0);
  EXPECT_THAT(out_, HasSubstr("in doubt   pay, item 3, attempt 2, since 2026-11-21 01:03:03\n"));
  EXPECT_THAT(out_, HasSubstr("in doubt   the undoing of book, attempt 1, since 2026-11-21 01:03:03\n"));
}

TEST_F(JobCommandTest, APayloadThatBeginsAsJsonIsJsonOrRefused) {
  for (const char* broken : {"{bad", "[1,", "\"open", "  {\"a\":}"}) {
    EXPECT_EQ(run({"job", "signal", "j1", "paid", "--payload", broken}), 2) << broken;
    EXPECT_THAT(err_, HasSubstr("--payload begins like JSON, but is none: line 1, column ")) << broken;
  }
  for (const char* text : {"paid in full", "12 apples", "true story"}) {
    server_.answer("GET /v1/jobs/j1", 200, R"({"job_id":"j1","execution_id":"r2"})");
    server_.answer("POST /v1/runs/r2/signals/paid", 202, R"({"job_id":"j1","status":"running"})");
    EXPECT_EQ(run({"job", "signal", "j1", "paid", "--payload", text}), 0) << text;
    EXPECT_EQ(last_body(), (Json{{"payload", text}}));
  }
}

TEST_F(JobCommandTest, CancelOfAFinishedJobIsAConflict) {
  server_.refuse("POST /v1/jobs/j1/cancel", 409, "job_finished", "The job has ended.");
  EXPECT_EQ(run({"job", "cancel", "j1"}), 6);
}

TEST_F(JobCommandTest, WatchFollowsAcrossABrokenConnectionAndEndsWithTheJob) {
  const std::string watch = "GET /v1/jobs/j1/events";
  server_.stream(watch, event("status", "1",
                              R"({"run_id":"r","status":"running","at":"2026-11-21T01:02:03.000Z",)"
                              R"("steps":[{"name":"render","status":"running","progress":0}]})") +
                            event("log", "", R"({"step":"render","stream":"stdout","text":"hello\nthere\n"})") +
                            "event: status\ndata: {\"cut o");
  server_.stream(watch,
                 event("status", "2", R"({"run_id":"r","status":"running","step":"render","step_status":"success"})") +
                     event("status", "3", R"({"run_id":"r","status":"success"})"));
  EXPECT_EQ(run({"job", "watch", "j1"}), 0);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_FALSE(requests[0].headers.contains("last-event-id"));
  EXPECT_EQ(requests[1].headers.at("last-event-id"), "1");
  EXPECT_EQ(requests[1].headers.at("accept"), "text/event-stream");
  EXPECT_EQ(out_, "01:02:03  job  running\nrender | hello\nrender | there\nrender  success\njob  success\nsuccess\n");
  EXPECT_EQ(err_, "the connection was lost; trying again\n");
}

TEST_F(JobCommandTest, WatchExitsOneForAFailedOrCancelledJob) {
  for (const char* status : {"failed", "cancelled"}) {
    server_.stream(std::string("GET /v1/jobs/") + status + "/events",
                   event("status", "9",
                         R"({"run_id":"r","status":")" + std::string(status) +
                             R"(","error":{"code":"cancelled","message":"by hand"}})"));
    EXPECT_EQ(run({"job", "watch", status}), 1);
    EXPECT_THAT(out_, HasSubstr("cancelled: by hand"));
  }
}

TEST_F(JobCommandTest, WatchPrintsEventsAsJsonLines) {
  server_.stream("GET /v1/jobs/j1/events", event("progress", "", R"({"step":"a","progress":0.5})") +
                                               event("status", "4", R"({"status":"success"})"));
  EXPECT_EQ(run({"job", "watch", "j1", "--json"}), 0);
  const auto lines = out_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], (Json{{"event", "progress"}, {"data", {{"step", "a"}, {"progress", 0.5}}}}));
  EXPECT_EQ(lines[1], (Json{{"event", "status"}, {"id", "4"}, {"data", {{"status", "success"}}}}));
}

TEST_F(JobCommandTest, WatchOfAnUnknownJobIsNotFound) {
  server_.refuse("GET /v1/jobs/none/events", 404, "not_found", "There is no such job.");
  EXPECT_EQ(run({"job", "watch", "none"}), 5);
}

TEST_F(JobCommandTest, WrongUseIsExitCodeTwoAndAsksNobody) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"job"},
                                                    {"job", "submit"},
                                                    {"job", "explode"},
                                                    {"job", "submit", "x", "--priority", "11"},
                                                    {"job", "submit", "x", "--input", "novalue"},
                                                    {"job", "submit", "x", "--timeout", "soon"},
                                                    {"job", "submit", "x", "--wait", "--watch"},
                                                    {"job", "submit", "x", "--inputs", "/nowhere.json"},
                                                    {"job", "list", "--status", "done"},
                                                    {"job", "get", "a", "b"},
                                                    {"job", "list", "--no-such-flag"}}) {
    EXPECT_EQ(run(arguments), 2) << ::testing::PrintToString(arguments);
    EXPECT_NE(err_, "");
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(JobCommandTest, ServerAddressThatIsNoUrlIsWrongUse) {
  EXPECT_EQ(run_bare({"job", "list", "--server", "ftp://host"}), 2);
}

TEST_F(JobCommandTest, ServerAndTokenComeFromTheEnvironmentToo) {
  setenv("TROUPE_SERVER", server_.url().c_str(), 1);
  setenv("TROUPE_TOKEN", "trp_env", 1);
  server_.answer("GET /v1/jobs/x", 200, kEnded);
  EXPECT_EQ(run_bare({"job", "get", "x"}), 0);
  EXPECT_EQ(last_request().headers.at("authorization"), "Bearer trp_env");
  EXPECT_EQ(run_bare({"--help"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr("trp_env")));
}

}  // namespace
}  // namespace troupe
