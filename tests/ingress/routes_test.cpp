// Paths, methods, credentials, queries, and the answers of every other route.
#include "api_fixture.hpp"
#include "ingress/cursor.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

class RoutesTest : public ApiTest {
 protected:
  RoutesTest() {
    gateway_.accepted = sample_accepted();
    gateway_.job_view = sample_job();
    gateway_.run_view = sample_run();
    gateway_.asset_row = sample_asset();
    gateway_.blobs[sha256("0123456789")] = "0123456789";
    gateway_.workflow_view = sample_workflow();
    gateway_.applied = {"poster", 3, true, {}};
    gateway_.change.id = sample_job_id();
    gateway_.change.run = *parse_id<RunId>(kOtherUuid);
    gateway_.change.status = Status::running;
  }
  static std::string job(std::string_view rest = "") { return std::string("/v1/jobs/") + kUuid + std::string(rest); }
};

// --- paths and methods

TEST_F(RoutesTest, UnknownPathsAre404) {
  for (const char* path :
       {"/", "/v1", "/v1/", "/v1/jobs/", "/v1/nothing", "/V1/jobs", "/v1//jobs", "/v1/jobs/x/y/z", ""}) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.code(), "not_found");
  }
}

TEST_F(RoutesTest, EachAnswerIsToldToTheMetricsByItsPattern) {
  get(job());
  get("/nothing/here");
  send("HEAD", job());
  EXPECT_THAT(metrics_.answered,
              testing::ElementsAre("GET /v1/jobs/{id} 200", "GET none 404", "HEAD /v1/jobs/{id} 200"));
}

TEST_F(RoutesTest, EachAnswerIsLoggedWithTheIdsOfItsRequest) {
  get(job(), {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  ASSERT_EQ(log_.lines.size(), 1U);
  EXPECT_THAT(log_.lines[0], testing::StartsWith("other method=GET path=" + job()));
  EXPECT_THAT(log_.lines[0], testing::HasSubstr(" request="));
  EXPECT_THAT(log_.lines[0], testing::EndsWith(" trace=0af7651916cd43dd8448eb211c80319c"));
}

TEST_F(RoutesTest, UnknownMethodsAre405AndTellTheKnownOnes) {
  const std::tuple<const char*, std::string, const char*> table[] = {
      {"DELETE", "/v1/jobs", "POST, GET, HEAD"},
      {"PUT", job(), "GET, HEAD"},
      {"GET", job("/cancel"), "POST"},
      {"POST", "/healthz", "GET, HEAD"},
      {"DELETE", "/v1/workflows/validate", "POST, GET, HEAD"},
      {"OPTIONS", "/v1/jobs", "POST, GET, HEAD"}};
  for (const auto& [method, path, allow] : table) {
    const auto answer = send(method, path);
    EXPECT_EQ(answer.status, 405) << method << path;
    EXPECT_EQ(answer.code(), "method_not_allowed");
    EXPECT_EQ(answer.header("Allow"), allow) << path;
  }
}

TEST_F(RoutesTest, ALiteralPieceWinsOverAName) {
  get("/v1/workflows/validate");
  EXPECT_EQ(gateway_.asked_key, "validate");
  EXPECT_EQ(post("/v1/workflows/validate", "{}").json()["valid"], true);
}

TEST_F(RoutesTest, HeadIsAnsweredLikeGet) { EXPECT_EQ(send("HEAD", job()).status, 200); }

TEST_F(RoutesTest, AProblemHasAllItsMembers) {
  const auto answer = get("/v1/jobs?limit=0");
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.json(), (Json{{"type", "/docs/errors#invalid_limit"},
                                 {"title", code_meaning(ErrorCode::invalid_limit)},
                                 {"status", 400},
                                 {"detail", "limit is '0'; it must be from 1 to 500."},
                                 {"code", "invalid_limit"},
                                 {"request_id", "request-1"}}));
}

// --- ids

TEST_F(RoutesTest, AJobIsNamedByItsUuidOrByWhatItsClientChose) {
  get(job());
  EXPECT_EQ(gateway_.asked_job.id, sample_job_id());
  get("/v1/jobs/order-1?client_id=shop");
  EXPECT_EQ(gateway_.asked_job.id, std::nullopt);
  EXPECT_EQ(gateway_.asked_job.job_id, "order-1");
  EXPECT_EQ(gateway_.asked_job.client_id, "shop");
  get("/v1/jobs/order-1");
  EXPECT_EQ(gateway_.asked_job.client_id, std::nullopt);
}

TEST_F(RoutesTest, WhatIsNoIdIs400) {
  const std::string many(129, 'a');
  for (const std::string& path :
       {std::string("/v1/jobs/a b"), "/v1/jobs/" + many, std::string("/v1/jobs/ä/status"),
        std::string("/v1/jobs/a$/events"), std::string("/v1/runs/order-1"), std::string("/v1/runs/1/logs"),
        std::string("/v1/assets/x"), std::string("/v1/assets/x/content"), std::string("/v1/assets/x/thumbnail"),
        std::string("/v1/workflows/a/versions/0"), std::string("/v1/workflows/a/versions/x"),
        std::string("/v1/workflows/a/versions/99999999999999999999"), std::string("/v1/audit?job=a%20b")}) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_EQ(answer.code(), "invalid_id") << path;
  }
}

TEST_F(RoutesTest, WhatTheCoreDoesNotKnowIs404AndAmbiguous409) {
  gateway_.error = Error{ErrorCode::not_found, "no such job", false, {}};
  for (const char* rest : {"", "/status", "/events", "/audit"}) EXPECT_EQ(get(job(rest)).status, 404) << rest;
  for (const char* rest : {"/cancel", "/retry"}) EXPECT_EQ(post(job(rest), "{}").status, 404) << rest;
  gateway_.error = Error{ErrorCode::ambiguous_job_id, "two", false, {}};
  EXPECT_EQ(get("/v1/jobs/order-1").status, 409);
}

// --- queries

TEST_F(RoutesTest, BadQueriesAre400EachWithItsCode) {
  const std::pair<const char*, const char*> table[] = {{"/v1/jobs?stat=running", "invalid_query"},
                                                       {"/v1/jobs?status=done", "invalid_query"},
                                                       {"/v1/jobs?status=skipped", "invalid_query"},
                                                       {"/v1/jobs?created_after=yesterday", "invalid_query"},
                                                       {"/v1/jobs?limit=1&limit=2", "invalid_query"},
                                                       {"/v1/jobs?q=%zz", "invalid_query"},
                                                       {"/v1/jobs?q=%4", "invalid_query"},
                                                       {"/v1/jobs?q=%00", "invalid_query"},
                                                       {"/v1/jobs?limit=0", "invalid_limit"},
                                                       {"/v1/jobs?limit=501", "invalid_limit"},
                                                       {"/v1/jobs?limit=", "invalid_limit"},
                                                       {"/v1/jobs?limit=5x", "invalid_limit"},
                                                       {"/v1/jobs?limit=-1", "invalid_limit"},
                                                       {"/v1/jobs?cursor=abc", "invalid_cursor"},
                                                       {"/v1/jobs?cursor=", "invalid_cursor"},
                                                       {"/v1/runs?cursor=%2B%2B%2B%2B", "invalid_cursor"},
                                                       {"/v1/runs?status=x", "invalid_query"},
                                                       {"/v1/audit?after=1", "invalid_query"},
                                                       {"/v1/audit?cursor=AAAA", "invalid_cursor"},
                                                       {"/v1/workflows?cursor=x", "invalid_cursor"},
                                                       {"/v1/workflows?q=x", "invalid_query"},
                                                       {"/v1/events?kind=all", "invalid_query"},
                                                       {"/v1/meta?x=1", "invalid_query"}};
  for (const auto& [target, code] : table) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(answer.code(), code) << target;
  }
}

TEST_F(RoutesTest, AnUnknownParameterIsNamedTogetherWithTheKnownOnes) {
  const std::string detail = get("/v1/workflows?key=x").json()["detail"];
  EXPECT_EQ(detail, "There is no parameter 'key' here; known are limit, cursor.");
}

TEST_F(RoutesTest, ProbesMayAddParametersOfTheirOwn) {
  EXPECT_EQ(get("/healthz?probe=1").status, 200);
  EXPECT_EQ(get("/readyz?x").status, 200);
}

TEST_F(RoutesTest, FiltersOfJobsReachTheCore) {
  EXPECT_EQ(get("/v1/jobs?status=failed&client_id=shop&workflow_key=poster&user_id=a%20b&q=x+y&limit=7"
                "&created_after=2026-11-21T01:02:03Z&created_before=2026-11-21T03:02:03%2B01:00")
                .status,
            200);
  const JobQuery& query = gateway_.job_query;
  EXPECT_EQ(query.status, Status::failed);
  EXPECT_EQ(query.client_id, "shop");
  EXPECT_EQ(query.workflow_key, "poster");
  EXPECT_EQ(query.user_id, "a b");
  EXPECT_EQ(query.text, "x y");
  EXPECT_EQ(query.created_after, parse_rfc3339("2026-11-21T01:02:03Z"));
  EXPECT_EQ(query.created_before, parse_rfc3339("2026-11-21T02:02:03Z"));
  EXPECT_EQ(query.before, std::nullopt);
}

// --- pages

TEST_F(RoutesTest, APageGivesACursorOnlyIfThereIsMoreAndTheCursorGoesOn) {
  auto view = sample_job();
  for (std::uint8_t i = 0; i < 3; ++i) {
    view.row.id.bytes[15] = i;
    gateway_.job_list.push_back(view);
  }
  const auto page = get("/v1/jobs?limit=2").json();
  EXPECT_EQ(page["items"].size(), 2u);
  ASSERT_TRUE(page["next_cursor"].is_string());
  EXPECT_EQ(get("/v1/jobs?limit=3").json()["next_cursor"], nullptr);
  EXPECT_EQ(get("/v1/jobs?limit=3&cursor=" + page["next_cursor"].get<std::string>()).status, 200);
  EXPECT_EQ(gateway_.job_query.before, gateway_.job_list[1].row.id);
}

TEST_F(RoutesTest, ACursorOfOneListIsNoneOfAnother) {
  gateway_.job_list = {sample_job(), sample_job()};
  const auto cursor = get("/v1/jobs?limit=1").json()["next_cursor"].get<std::string>();
  EXPECT_EQ(get("/v1/runs?cursor=" + cursor).code(), "invalid_cursor");
}

TEST(Cursor, SurvivesOnlyUnchanged) {
  const std::string text = encode_cursor(CursorKind::audit, "payload");
  EXPECT_EQ(decode_cursor(CursorKind::audit, text), "payload");
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = broken[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(decode_cursor(CursorKind::audit, broken), std::nullopt) << i;
    EXPECT_EQ(decode_cursor(CursorKind::audit, text.substr(0, i)), std::nullopt) << i;
  }
}

// --- credentials

TEST_F(RoutesTest, WithoutAValidKeyNothingButTheOpenPagesAnswers) {
  given_keys({key("view", Role::viewer)});
  const auto answer = get("/v1/jobs");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.code(), "unauthenticated");
  EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"troupe\"");
  EXPECT_EQ(get("/v1/jobs", {{"authorization", "Bearer trp_wrong"}}).status, 401);
  EXPECT_EQ(get("/v1/jobs", {{"authorization", "Bearer trp_view"}}).status, 200);
  for (const char* path : {"/healthz", "/readyz", "/docs", "/docs/errors", "/v1/openapi.json"})
    EXPECT_EQ(get(path).status, 200) << path;
  for (const char* path : {"/metrics", "/v1/meta", "/v1/events", "/v1/audit"}) EXPECT_EQ(get(path).status, 401) << path;
}

TEST_F(RoutesTest, ARoleIsEnoughForWhatIsBelowIt) {
  given_keys({key("view", Role::viewer), key("client", Role::client), key("ops", Role::op), key("admin", Role::admin)});
  const auto status = [&](const char* who, const std::string& path) {
    return post(path, R"({"workflow_key":"a"})", {{"authorization", std::string("Bearer trp_") + who}}).status;
  };
  EXPECT_EQ(status("view", "/v1/jobs"), 403);
  EXPECT_EQ(status("client", "/v1/jobs"), 202);
  EXPECT_EQ(status("admin", "/v1/jobs"), 202);
  EXPECT_EQ(status("view", job("/cancel")), 403);
  EXPECT_EQ(status("view", "/v1/workflows/validate"), 200);
  for (const char* path : {"/v1/workflows", "/v1/workflows/a/disable", "/v1/workflows/a/enable"}) {
    EXPECT_EQ(status("client", path), 403) << path;
    EXPECT_LT(status("ops", path), 300) << path;
  }
}

TEST_F(RoutesTest, ACredentialOfAClientActsForThatClientOnly) {
  given_keys({key("shop", Role::client, "shop")});
  const Headers shop{{"authorization", "Bearer trp_shop"}};
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a"})", shop).status, 202);
  EXPECT_EQ(gateway_.submitted.at(0).client_id, "shop");
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a","client_id":"shop"})", shop).status, 202);
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a","client_id":"other"})", shop).status, 403);
  for (const char* path :
       {"/v1/jobs", "/v1/runs", "/v1/audit", "/v1/events", "/v1/jobs/order-1", "/v1/jobs/order-1/events"})
    EXPECT_EQ(get(std::string(path) + "?client_id=other", shop).status, 403) << path;
  get("/v1/jobs", shop);
  EXPECT_EQ(gateway_.job_query.client_id, "shop");
  get("/v1/runs", shop);
  EXPECT_EQ(gateway_.run_query.client_id, "shop");
  get("/v1/audit", shop);
  EXPECT_EQ(gateway_.audit_query.client_id, "shop");
  get("/v1/events", shop);
  EXPECT_EQ(gateway_.filter.client_id, "shop");
  get("/v1/jobs/order-1", shop);
  EXPECT_EQ(gateway_.asked_job.client_id, "shop");
  EXPECT_EQ(gateway_.caller.client_id, "shop");
  EXPECT_EQ(get("/v1/audit/verify", shop).status, 403);
  EXPECT_EQ(get("/v1/audit/verify?job=order-1", shop).status, 200);
  EXPECT_EQ(gateway_.verified, sample_job_id());
}

// --- jobs

TEST_F(RoutesTest, TheStatusOfAJobHasTheShapeOfTheContract) {
  EXPECT_EQ(get(job("/status")).json(), (Json{{"job_id", "order-1"},
                                              {"status", "success"},
                                              {"progress", 1.0},
                                              {"message", "all steps done"},
                                              {"waiting_for", nullptr},
                                              {"updated_at", "2026-11-21T01:02:08.456Z"}}));
  gateway_.job_view.newest.waiting_for = WaitingFor::timer;
  EXPECT_EQ(get(job("/status")).json()["waiting_for"], "timer");
}

TEST_F(RoutesTest, AnOpenJobTellsWhenItWillEndAndItsPlaceInTheQueueOneThatHasEndedDoesNot) {
  gateway_.job_view = sample_job(Status::pending);
  gateway_.job_view.newest.estimated_completion = sample_time(60);
  gateway_.job_view.newest.queue = QueuePlace{3, sample_time(20)};
  for (const char* rest : {"", "/status"}) {
    const Json shown = get(job(rest)).json();
    EXPECT_EQ(shown["estimated_completion"], "2026-11-21T01:03:03.456Z") << rest;
    EXPECT_EQ(shown["queue"], (Json{{"position", 3}, {"estimated_start", "2026-11-21T01:02:23.456Z"}})) << rest;
  }
  gateway_.job_view.newest.estimated_completion = kNever;
  gateway_.job_view.newest.queue.reset();
  for (const char* rest : {"", "/status"}) {
    const Json shown = get(job(rest)).json();
    EXPECT_TRUE(shown.at("estimated_completion").is_null()) << "nobody can tell";
    EXPECT_FALSE(shown.contains("queue")) << rest;
  }
  gateway_.job_view = sample_job(Status::success);
  for (const char* rest : {"", "/status"}) EXPECT_FALSE(get(job(rest)).json().contains("estimated_completion")) << rest;
}

TEST_F(RoutesTest, AJobShowsItsRequestItsNewestRunAndAllRuns) {
  const auto view = get(job()).json();
  EXPECT_EQ(view["inputs"], (Json{{"n", 2}})) << "of the newest run";
  EXPECT_EQ(view["runs"][0]["inputs"], (Json{{"n", 2}}));
  EXPECT_EQ(view["timeout_seconds"], 300);
  EXPECT_EQ(view["callback_url"], nullptr);
  EXPECT_EQ(view["steps"][0]["attempts"][0]["error"]["code"], "step_timeout");
  EXPECT_EQ(view["assets"].size(), 2u);
  EXPECT_EQ(view["runs"][0]["images"].size(), 1u);
  EXPECT_EQ(view["timings"], (Json{{"queued_seconds", 1.0}, {"running_seconds", 4.0}, {"total_seconds", 5.0}}));
}

TEST_F(RoutesTest, GetWaitsAsLongAsPreferred) {
  const auto answer = get(job(), {{"prefer", "wait=3"}});
  EXPECT_EQ(gateway_.waited, Millis(3000));
  EXPECT_EQ(answer.header("Preference-Applied"), "wait=3");
  gateway_.job_view = sample_job(Status::running);
  EXPECT_EQ(get(job(), {{"prefer", "wait=3"}}).json()["status"], "running");
}

TEST_F(RoutesTest, ACancelNeedsNoBody) {
  const auto answer = send("POST", job("/cancel"));
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["status"], "running");
  EXPECT_EQ(answer.json()["execution_id"], kOtherUuid);
  post(job("/cancel"), R"({"reason":"mistake"})", {{"idempotency-key", "k"}});
  EXPECT_EQ(gateway_.cancelled.reason, "mistake");
  EXPECT_TRUE(gateway_.cancelled.idempotency);
  EXPECT_EQ(gateway_.rendered->status, 202);
}

TEST_F(RoutesTest, ARetryTellsFromWhereWithWhatAndWhich) {
  EXPECT_EQ(post(job("/retry"), R"({"from_step":"render","inputs":{"n":2},"workflow_version":3})").status, 202);
  EXPECT_EQ(gateway_.retried.from_step, "render");
  EXPECT_EQ(gateway_.retried.inputs.view(), R"({"n":2})");
  EXPECT_EQ(gateway_.retried.workflow_version, 3u);
  EXPECT_EQ(send("POST", job("/retry")).status, 202);
  EXPECT_EQ(gateway_.retried.from_step, std::nullopt);
  EXPECT_FALSE(gateway_.retried.inputs.present());
}

TEST_F(RoutesTest, BadBodiesOfCancelAndRetryAreRefused) {
  EXPECT_EQ(post(job("/cancel"), R"({"reason":7,"why":"x"})").pointers(), "/reason /why");
  EXPECT_EQ(post(job("/cancel"), R"({"reason":")" + std::string(1001, 'x') + "\"}").pointers(), "/reason");
  EXPECT_EQ(post(job("/retry"), R"({"from_step":1,"inputs":[],"workflow_version":0,"step":"a"})").pointers(),
            "/from_step /inputs /workflow_version /step");
  EXPECT_EQ(post(job("/cancel"), "[]").status, 422);
  EXPECT_EQ(post(job("/cancel"), "{").status, 400);
  EXPECT_EQ(send("POST", job("/cancel"), "x").status, 415);
  gateway_.error = Error{ErrorCode::job_finished, "over", false, {}};
  EXPECT_EQ(post(job("/cancel"), "{}").status, 409);
}

// --- workflows

TEST_F(RoutesTest, ADefinitionIsHandedOnAsItIs) {
  const auto answer = send("POST", "/v1/workflows", "key: poster\n", {{"content-type", "application/yaml"}});
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.json(), (Json{{"key", "poster"}, {"version", 3}}));
  EXPECT_EQ(answer.header("Location"), "/v1/workflows/poster/versions/3");
  EXPECT_EQ(gateway_.definition, "key: poster\n");
  gateway_.applied.created = false;
  EXPECT_EQ(post("/v1/workflows", R"({"key":"poster"})").status, 200);
  for (const char* type : {"application/x-yaml", "text/yaml"})
    EXPECT_EQ(send("POST", "/v1/workflows", "a: 1", {{"content-type", type}}).status, 200) << type;
}

TEST_F(RoutesTest, BadDefinitionsAreRefused) {
  EXPECT_EQ(post("/v1/workflows", "key: poster").code(), "malformed_json");
  EXPECT_EQ(send("POST", "/v1/workflows", "a", {{"content-type", "text/plain"}}).status, 415);
  EXPECT_EQ(
      send("POST", "/v1/workflows", std::string(limits::kDefinitionBytes + 1, ' '), {{"content-type", "text/yaml"}})
          .status,
      413);
  gateway_.error =
      Error{ErrorCode::validation_failed, "2 faults", false, {{"/steps/0/typ", "unknown"}, {"/key", "missing"}}};
  const auto answer = post("/v1/workflows/validate", "{}");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.pointers(), "/steps/0/typ /key");
}

TEST_F(RoutesTest, AVersionOfAWorkflowIsAskedForByNumber) {
  EXPECT_EQ(get("/v1/workflows/poster/versions/2").json()["definition"]["key"], "poster");
  EXPECT_EQ(gateway_.asked_version, 2u);
  EXPECT_EQ(get("/v1/workflows/poster").json()["name"], "Poster");
  EXPECT_EQ(gateway_.asked_version, 0u);
  EXPECT_EQ(send("POST", "/v1/workflows/poster/disable").json()["disabled"], true);
  EXPECT_EQ(send("POST", "/v1/workflows/poster/enable").json()["disabled"], false);
}

TEST_F(RoutesTest, WorkflowsArePagedByKey) {
  gateway_.workflow_list = {sample_workflow(), sample_workflow()};
  const auto page = get("/v1/workflows?limit=1").json();
  EXPECT_EQ(page["items"].size(), 1u);
  EXPECT_FALSE(page["items"][0].contains("definition"));
  get("/v1/workflows?cursor=" + page["next_cursor"].get<std::string>());
  EXPECT_EQ(gateway_.asked_after, "poster");
}

// --- runs, logs

TEST_F(RoutesTest, RunsOfAJobAreFoundByAnyOfItsNames) {
  gateway_.run_list = {sample_run()};
  EXPECT_EQ(get("/v1/runs?job_id=order-1&status=success").json()["items"][0]["id"], kUuid);
  EXPECT_EQ(gateway_.run_query.job, sample_job_id());
  EXPECT_EQ(gateway_.run_query.status, Status::success);
}

TEST_F(RoutesTest, ARunSaysWhichRunItIsARetryOf) {
  const auto shown = [&] { return get(std::string("/v1/runs/") + kUuid).json(); };
  EXPECT_EQ(shown()["retry_of"], kUuid);
  EXPECT_EQ(shown()["from_step"], "render");
  EXPECT_EQ(shown()["requested_by"], "ada");
  gateway_.run_view.retry->from_step.clear();
  EXPECT_EQ(shown()["from_step"], nullptr);
  gateway_.run_view.retry.reset();
  for (const char* member : {"retry_of", "from_step", "requested_by"}) EXPECT_EQ(shown().at(member), nullptr) << member;
}

TEST_F(RoutesTest, LogsAreOneTextUnderHeadings) {
  LogPiece small{"fetch", 0, 1, "hello\n", {}, 6}, large{"render", 3, 2, "", sha256("0123456789"), 10},
      gone{"render", 4, 1, "", sha256("gone"), 4};
  gateway_.log_pieces = {small, large, gone};
  gateway_.run_view = sample_run();
  gateway_.run_view.steps.emplace_back().name = "fetch";
  const auto answer = get(std::string("/v1/runs/") + kUuid + "/logs");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.body,
            "==> fetch, attempt 1 <==\nhello\n\n==> render, item 3, attempt 2 <==\n0123456789"
            "\n==> render, item 4, attempt 1 <==\n[no longer stored]\n");
  EXPECT_EQ(get(std::string("/v1/runs/") + kUuid + "/logs?step=fetch").body, "==> fetch, attempt 1 <==\nhello\n");
}

TEST_F(RoutesTest, LogsOfAStepThatTheRunDoesNotHaveAre404AlsoWhenFollowed) {
  for (const Status status : {Status::success, Status::running}) {
    gateway_.run_view = sample_run(status);
    for (const char* query : {"?step=nope", "?step=nope&follow=1"}) {
      const auto answer = get(std::string("/v1/runs/") + kUuid + "/logs" + query);
      EXPECT_EQ(answer.status, 404) << query;
      EXPECT_EQ(answer.json()["detail"], "the run has no step \"nope\"") << query;
    }
    EXPECT_EQ(get(std::string("/v1/runs/") + kUuid + "/logs?step=render").status, 200);
  }
}

TEST_F(RoutesTest, ALogCanBeReadFromAnyPlace) {
  gateway_.log_pieces = {LogPiece{"a", 0, 1, "first\n", {}, 6}, LogPiece{"b", 0, 1, "second\n", {}, 7}};
  const auto answer = get(std::string("/v1/runs/") + kUuid + "/logs");
  auto& source = *answer.responder->response.content->source;
  for (std::size_t at = 0; at <= answer.body.size(); ++at)
    for (std::size_t count : {1u, 7u, 100u}) EXPECT_EQ(*source.read(at, count), answer.body.substr(at, count)) << at;
}

// --- audit

TEST_F(RoutesTest, AuditRecordsAreShownAsTheyAre) {
  gateway_.audit_page = {{R"({"seq":2,"hash":"b"})", R"({"seq":1,"hash":"a"})"}, "next"};
  const auto page = get(job("/audit?action=job.accepted&actor=ops&after=2026-11-21T00:00:00Z&limit=2")).json();
  EXPECT_EQ(page["items"][0]["seq"], 2);
  EXPECT_EQ(gateway_.audit_query.job, sample_job_id());
  EXPECT_EQ(gateway_.audit_query.action, "job.accepted");
  EXPECT_EQ(gateway_.audit_query.actor, "ops");
  get("/v1/audit?cursor=" + page["next_cursor"].get<std::string>());
  EXPECT_EQ(gateway_.audit_query.cursor, "next");
}

TEST_F(RoutesTest, ABrokenChainIsAVerdictNotAnError) {
  EXPECT_EQ(get("/v1/audit/verify").json(), (Json{{"whole", true}, {"chains", 0}, {"records", 0}, {"fault", nullptr}}));
  gateway_.verdict = {false, 3, 9, "chain-1", 7, "the hash does not fit"};
  const auto answer = get("/v1/audit/verify");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["fault"], (Json{{"chain", "chain-1"}, {"seq", 7}, {"message", "the hash does not fit"}}));
}

// --- operations

TEST_F(RoutesTest, ReadinessTellsWhyNot) {
  EXPECT_EQ(get("/readyz").status, 200);
  gateway_.ready = {false, {"no database"}, {}};
  const auto answer = get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json(), (Json{{"ready", false}, {"reasons", {"no database"}}, {"warnings", Json::array()}}));
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(RoutesTest, ReadinessWarnsOfWhatIsWrongAlthoughItIsReady) {
  gateway_.ready = {true, {}, {"the worker exec dies again and again"}};
  const auto answer = get("/readyz");
  EXPECT_EQ(answer.status, 200) << "a balancer goes on sending it the other work";
  EXPECT_EQ(answer.json()["warnings"], (Json{"the worker exec dies again and again"}));
}

TEST_F(RoutesTest, ActorsAreATreeWithWhatEachKindHas) {
  ActorView worker, broker, silent;
  worker.id = "worker:exec";
  worker.kind = "worker";
  worker.condition = ActorCondition::given_up;
  worker.restarts = 5;
  worker.last_error = "it died";
  worker.next_start_at = from_unix_ms(1'000);
  worker.slots = 4;
  broker.id = broker.kind = "broker";
  broker.mailbox = 2;
  broker.answered_after = Millis(7);
  broker.busy = 3;
  broker.waiting = 1;
  broker.queues = {{StepType::exec, 9, 1}};
  silent.id = silent.kind = "timer";
  silent.condition = ActorCondition::unresponsive;
  gateway_.actor_tree.children = {worker, broker, silent};
  const Json root = get("/v1/actors?limit=7").json();
  EXPECT_EQ(gateway_.asked_jobs, 7);
  ASSERT_EQ(root["children"].size(), 3u);
  const Json& first = root["children"][0];
  EXPECT_EQ(first["state"], "given_up");
  EXPECT_EQ(first["restarts"], 5);
  EXPECT_EQ(first["last_error"], "it died");
  EXPECT_EQ(first["next_start_at"], "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(first["slots"], 4);
  EXPECT_TRUE(first["mailbox"].is_null());
  EXPECT_FALSE(first.contains("queues"));
  const Json& second = root["children"][1];
  EXPECT_EQ(second["mailbox"], 2);
  EXPECT_EQ(second["answered_after_ms"], 7);
  EXPECT_EQ(second["queues"], (Json{{{"type", "exec"}, {"priority", 9}, {"waiting", 1}}}));
  EXPECT_EQ(root["children"][2]["state"], "unresponsive");
  EXPECT_EQ(get("/v1/actors?limit=0").status, 400);
}

TEST_F(RoutesTest, AnActorIsRestartedByAnOperatorOnly) {
  given_keys({key("view", Role::viewer), key("client", Role::client), key("ops", Role::op)});
  const auto restart = [&](const std::string& who, const std::string& id) {
    return post("/v1/actors/" + id + "/restart", "", {{"authorization", "Bearer trp_" + who}});
  };
  EXPECT_EQ(restart("client", "worker:exec").status, 403);
  EXPECT_EQ(gateway_.restarted, "");
  const auto answer = restart("ops", "worker:exec");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["id"], "worker:exec");
  EXPECT_EQ(gateway_.restarted, "worker:exec");
  EXPECT_EQ(gateway_.caller.name, "ops");
  gateway_.error = Error{ErrorCode::conflict, "the broker cannot be restarted by itself", false, {}};
  EXPECT_EQ(restart("ops", "broker").status, 409);
  EXPECT_EQ(get("/v1/actors", {{"authorization", "Bearer trp_view"}}).status, 409) << "it may ask";
}

TEST_F(RoutesTest, MetaTellsTheLimits) {
  const auto meta = get("/v1/meta").json();
  EXPECT_EQ(meta["store"], "memory");
  EXPECT_EQ(meta["limits"]["page_max"], 500);
  EXPECT_EQ(meta["limits"]["body_bytes"], 1 << 20);
}

TEST_F(RoutesTest, MetricsAreTextForPrometheus) {
  EXPECT_EQ(get("/metrics").header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace troupe::ingress
