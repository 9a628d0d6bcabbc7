// POST /v1/jobs and POST /v1/trigger: what is taken, what is refused, and in which words.
#include "api_fixture.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

class SubmitTest : public ApiTest {
 protected:
  SubmitTest() { gateway_.accepted = sample_accepted(); }
};

TEST_F(SubmitTest, AJobIsHandedOnWithAllItsFields) {
  const auto answer = post("/v1/jobs", R"({"job_id":"order-1","client_id":"shop","workflow_key":"poster",
    "workflow_version":2,"inputs":{"b":1,"a":[true,null,1.5]},"priority":7,"timeout_seconds":1.5,
    "metadata":{"user_id":"ada","x":1}})");
  EXPECT_EQ(answer.status, 202);
  ASSERT_EQ(gateway_.submitted.size(), 1u);
  const SubmitJob& job = gateway_.submitted[0];
  EXPECT_EQ(job.job_id, "order-1");
  EXPECT_EQ(job.client_id, "shop");
  EXPECT_EQ(job.workflow_key, "poster");
  EXPECT_EQ(job.workflow_version, 2u);
  EXPECT_EQ(job.inputs.view(), R"({"a":[true,null,1.5],"b":1})");
  EXPECT_EQ(job.priority, 7);
  EXPECT_EQ(job.timeout, Millis(1500));
  EXPECT_EQ(job.metadata.view(), R"({"user_id":"ada","x":1})");
  EXPECT_EQ(job.user_id, "ada");
  EXPECT_EQ(job.idempotency, std::nullopt);
}

TEST_F(SubmitTest, OnlyTheWorkflowIsNeeded) {
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"poster"})").status, 202);
  const SubmitJob& job = gateway_.submitted.at(0);
  EXPECT_EQ(job.client_id, "default");
  EXPECT_EQ(job.job_id, "");
  EXPECT_EQ(job.workflow_version, 0u);
  EXPECT_EQ(job.priority, 5);
  EXPECT_EQ(job.timeout, std::nullopt);
  EXPECT_FALSE(job.inputs.present());
}

TEST_F(SubmitTest, NullCountsAsAbsentAndWholeFloatsAsIntegers) {
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"poster","job_id":null,"inputs":null,"priority":3.0,"metadata":null})")
                .status,
            202);
  EXPECT_EQ(gateway_.submitted.at(0).priority, 3);
}

TEST_F(SubmitTest, TheAnswerTellsWhereToFindTheJob) {
  const auto answer = post("/v1/jobs", R"({"workflow_key":"poster"})");
  const std::string self = std::string("/v1/jobs/") + kUuid;
  EXPECT_EQ(answer.header("Location"), self);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.json(), Json::parse(R"({"job_id":"order-1","id":"019aa3f2-5c1b-7000-8a2f-3b1f64aa9001",
    "execution_id":"019aa3f2-5c1b-7000-8a2f-3b1f64aa9001","status":"pending","message":"The job is accepted and stored.",
    "accepted_at":"2026-11-21T01:02:03.456Z","estimated_completion":"2026-11-21T01:03:03.456Z","links":{
    "self":"/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001","events":"/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/events",
    "cancel":"/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/cancel"}})"));
}

TEST_F(SubmitTest, LinksAreAbsoluteWhereThePublicAddressIsKnown) {
  options_.public_url = "https://jobs.example";
  const auto answer = post("/v1/jobs", R"({"workflow_key":"poster"})");
  EXPECT_EQ(answer.header("Location"), std::string("https://jobs.example/v1/jobs/") + kUuid);
  EXPECT_EQ(answer.json()["links"]["self"], answer.header("Location"));
}

TEST_F(SubmitTest, TheSameJobIdAgainGets200AndTheFirstAnswer) {
  gateway_.accepted.repeated = true;
  const auto answer = post("/v1/jobs", R"({"workflow_key":"poster","job_id":"order-1"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["accepted_at"], "2026-11-21T01:02:03.456Z");
}

TEST_F(SubmitTest, TheDigestIgnoresTheClientTheOrderOfMembersAndSpaces) {
  const auto digest = [&](const char* body) {
    EXPECT_EQ(post("/v1/jobs", body).status, 202);
    return gateway_.submitted.at(0).request;
  };
  const Digest first = digest(R"({"workflow_key":"poster","job_id":"1","inputs":{"a":1,"b":2}})");
  EXPECT_EQ(digest(R"( {"inputs":{"b":2,"a":1.0}, "job_id":"1","workflow_key":"poster","client_id":"shop"})"), first);
  EXPECT_NE(digest(R"({"workflow_key":"poster","job_id":"1","inputs":{"a":1,"b":3}})"), first);
  EXPECT_EQ(first, sha256(R"({"inputs":{"a":1,"b":2},"job_id":"1","workflow_key":"poster"})"));
}

struct BadBody {
  const char* body;
  int status;
  const char* code;
  const char* pointers;
};

void PrintTo(const BadBody& bad, std::ostream* out) { *out << bad.body; }

class BadJob : public SubmitTest, public ::testing::WithParamInterface<BadBody> {};

TEST_P(BadJob, IsRefusedWithItsCodeAndAllItsPlaces) {
  const auto answer = post("/v1/jobs", GetParam().body);
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(answer.code(), GetParam().code) << answer.body;
  EXPECT_EQ(answer.pointers(), GetParam().pointers) << answer.body;
  EXPECT_EQ(gateway_.calls, 0);
}

const char* const kInvalid = "validation_failed";

INSTANTIATE_TEST_SUITE_P(
    Table, BadJob,
    ::testing::Values(
        BadBody{"", 400, "malformed_json", ""}, BadBody{"{", 400, "malformed_json", ""},
        BadBody{R"({"workflow_key":"a"} x)", 400, "malformed_json", ""},
        BadBody{R"({"workflow_key":"a","workflow_key":"b"})", 400, "malformed_json", ""},
        BadBody{"{\"workflow_key\":\"\xff\"}", 400, "malformed_json", ""}, BadBody{"[]", 422, kInvalid, ""},
        BadBody{"null", 422, kInvalid, ""}, BadBody{"7", 422, kInvalid, ""},
        BadBody{"{}", 422, kInvalid, "/workflow_key"},
        BadBody{R"({"workflow_key":null})", 422, kInvalid, "/workflow_key"},
        BadBody{R"({"workflow_key":7})", 422, kInvalid, "/workflow_key"},
        BadBody{R"({"workflow_key":""})", 422, "unknown_workflow", "/workflow_key"},
        BadBody{R"({"workflow_key":"a\u0000b"})", 422, "unknown_workflow", "/workflow_key"},
        BadBody{R"({"workflow_key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})", 422,
                "unknown_workflow", "/workflow_key"},
        BadBody{R"({"workflow_key":"a","job_id":""})", 422, kInvalid, "/job_id"},
        BadBody{R"({"workflow_key":"a","job_id":"a b"})", 422, kInvalid, "/job_id"},
        BadBody{R"({"workflow_key":"a","job_id":"019aa3f2-5c1b-7000-8a2f-3b1f64aa9001"})", 422, kInvalid, "/job_id"},
        BadBody{R"({"workflow_key":"a","job_id":4711})", 422, kInvalid, "/job_id"},
        BadBody{R"({"workflow_key":"a","client_id":""})", 422, kInvalid, "/client_id"},
        BadBody{R"({"workflow_key":"a","client_id":"a\u0000"})", 422, kInvalid, "/client_id"},
        BadBody{R"({"workflow_key":"a","workflow_version":0})", 422, kInvalid, "/workflow_version"},
        BadBody{R"({"workflow_key":"a","workflow_version":"1"})", 422, kInvalid, "/workflow_version"},
        BadBody{R"({"workflow_key":"a","workflow_version":99999999999})", 422, kInvalid, "/workflow_version"},
        BadBody{R"({"workflow_key":"a","inputs":[]})", 422, kInvalid, "/inputs"},
        BadBody{R"({"workflow_key":"a","inputs":"x"})", 422, kInvalid, "/inputs"},
        BadBody{R"({"workflow_key":"a","priority":0})", 422, kInvalid, "/priority"},
        BadBody{R"({"workflow_key":"a","priority":11})", 422, kInvalid, "/priority"},
        BadBody{R"({"workflow_key":"a","priority":5.5})", 422, kInvalid, "/priority"},
        BadBody{R"({"workflow_key":"a","priority":-1})", 422, kInvalid, "/priority"},
        BadBody{R"({"workflow_key":"a","priority":true})", 422, kInvalid, "/priority"},
        BadBody{R"({"workflow_key":"a","timeout_seconds":0})", 422, kInvalid, "/timeout_seconds"},
        BadBody{R"({"workflow_key":"a","timeout_seconds":-1})", 422, kInvalid, "/timeout_seconds"},
        BadBody{R"({"workflow_key":"a","timeout_seconds":"5m"})", 422, kInvalid, "/timeout_seconds"},
        BadBody{R"({"workflow_key":"a","timeout_seconds":1e300})", 422, "timeout_too_large", "/timeout_seconds"},
        BadBody{R"({"workflow_key":"a","metadata":[]})", 422, kInvalid, "/metadata"},
        BadBody{R"({"workflow_key":"a","metadata":{"user_id":7}})", 422, kInvalid, "/metadata/user_id"},
        BadBody{R"({"workflow_key":"a","callback_url":"https://x.example/"})", 422, "not_supported", "/callback_url"},
        BadBody{R"({"workflow_key":"a","callback_url":7})", 422, kInvalid, "/callback_url"},
        BadBody{R"({"workflow_key":"a","timeout_second":5})", 422, kInvalid, "/timeout_second"},
        BadBody{R"({"workflow_key":"a","a/b~c":5})", 422, kInvalid, "/a~1b~0c"},
        BadBody{R"({"priority":99,"inputs":1,"callback_url":"https://x.example/","timeout_seconds":1e300,"typo":1})",
                422, kInvalid, "/workflow_key /inputs /callback_url /priority /timeout_seconds /typo"}));

TEST_F(SubmitTest, WhereTheServerIsBehindALateRequestBeginsNothingNew) {
  late_ = true;
  for (const auto& [path, body] : {std::pair{"/v1/jobs", "{ no JSON: it is not read"},
                                   {"/v1/trigger", "{}"},
                                   {"/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/retry", "{}"}}) {
    const auto answer = post(path, body);
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_EQ(answer.code(), "overloaded") << path;
    EXPECT_EQ(answer.header("Retry-After"), "1") << path;
  }
  EXPECT_EQ(gateway_.calls, 0);
  EXPECT_NE(post("/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/cancel", "{}").status, 503);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(SubmitTest, JsonNestedTooDeeplyIsRefused) {
  const std::string deep(100, '[');
  const auto answer = post("/v1/jobs", R"({"workflow_key":"a","inputs":{"x":)" + deep + std::string(100, ']') + "}}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), "json_too_deep");
}

TEST_F(SubmitTest, MetadataIsBoundedAndItsOtherMembersAreFree) {
  const auto body = [](std::size_t size) {
    return R"({"workflow_key":"a","metadata":{"x":")" + std::string(size - 8, 'x') + "\"}}";
  };
  EXPECT_EQ(post("/v1/jobs", body(limits::kMetadataBytes)).status, 202);
  const auto answer = post("/v1/jobs", body(limits::kMetadataBytes + 1));
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.pointers(), "/metadata");
}

TEST_F(SubmitTest, OnlyJsonInUtf8IsTaken) {
  const char* const body = R"({"workflow_key":"a"})";
  for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                           "application/json;charset=\"UTF-8\""})
    EXPECT_EQ(send("POST", "/v1/jobs", body, {{"content-type", type}}).status, 202) << type;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
                           "application/jsonx", "", "application/yaml"}) {
    const auto answer = send("POST", "/v1/jobs", body, {{"content-type", type}});
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.code(), "unsupported_media_type");
  }
  EXPECT_EQ(send("POST", "/v1/jobs", body).status, 415);
}

TEST_F(SubmitTest, RefusalsOfTheCoreKeepTheirPlaces) {
  const std::pair<ErrorCode, int> table[] = {{ErrorCode::unknown_workflow, 422},
                                             {ErrorCode::workflow_disabled, 409},
                                             {ErrorCode::kill_switch_engaged, 423},
                                             {ErrorCode::validation_failed, 422},
                                             {ErrorCode::callback_url_forbidden, 422},
                                             {ErrorCode::timeout_too_large, 422},
                                             {ErrorCode::job_id_conflict, 409},
                                             {ErrorCode::idempotency_key_reused, 422},
                                             {ErrorCode::idempotency_key_in_flight, 409},
                                             {ErrorCode::overloaded, 503},
                                             {ErrorCode::not_ready, 503}};
  for (const auto& [code, status] : table) {
    gateway_.error = Error{code, "because", false, {{"/inputs/prompt", "is too long"}}};
    const auto answer = post("/v1/jobs", R"({"workflow_key":"a"})");
    EXPECT_EQ(answer.status, status) << code_text(code);
    EXPECT_EQ(answer.code(), code_text(code));
    EXPECT_EQ(answer.pointers(), "/inputs/prompt");
    EXPECT_EQ(answer.header("Retry-After").empty(), status != 503 && code != ErrorCode::idempotency_key_in_flight);
  }
}

// --- waiting

TEST_F(SubmitTest, PreferWaitAnswersTheWholeJobOnceItHasEnded) {
  gateway_.job_view = sample_job(Status::success);
  const auto answer = post("/v1/jobs", R"({"workflow_key":"a"})", {{"prefer", "respond-async, wait=10"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(gateway_.waited, Millis(10'000));
  EXPECT_EQ(answer.header("Preference-Applied"), "wait=10");
  EXPECT_EQ(answer.json()["status"], "success");
  EXPECT_EQ(answer.json()["outputs"], Json::parse(R"({"count":4})"));
}

TEST_F(SubmitTest, PreferWaitAnswersAsUsualWhenTheTimeIsOver) {
  gateway_.job_view = sample_job(Status::running);
  const auto answer = post("/v1/jobs", R"({"workflow_key":"a"})", {{"prefer", "wait=1"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("Preference-Applied"), "wait=1");
  EXPECT_NE(answer.header("Location"), "");
  EXPECT_EQ(answer.json()["status"], "pending");
}

TEST_F(SubmitTest, PreferencesThatAreNotUnderstoodCountAsAbsentAndLongWaitsAreCut) {
  gateway_.job_view = sample_job();
  for (const char* prefer : {"wait", "wait=x", "wait=-1", "wait=0", "wait=1.5", "waits=3", "return=minimal", ""}) {
    EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a"})", {{"prefer", prefer}}).status, 202) << prefer;
    EXPECT_EQ(gateway_.waited, std::nullopt) << prefer;
  }
  for (const char* prefer : {"wait=61", "Wait=\"100\"", "wait=99999999999999999999"}) {
    EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a"})", {{"prefer", prefer}}).status, 200) << prefer;
    EXPECT_EQ(gateway_.waited, Millis(60'000)) << prefer;
  }
}

// --- Idempotency-Key

TEST_F(SubmitTest, AnIdempotencyKeyIsReadInQuotesOrBare) {
  post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", "\"abc\""}});
  ASSERT_TRUE(gateway_.key);
  const auto quoted = gateway_.key->scope;
  post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", "abc"}});
  EXPECT_EQ(gateway_.key->scope, quoted);
  post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", R"("a\"bc")"}});
  EXPECT_NE(gateway_.key->scope, quoted);
  EXPECT_EQ(gateway_.rendered->status, 202);
}

TEST_F(SubmitTest, TheScopeOfAKeyIsClientMethodPathAndKeyAndItsPayloadTheBody) {
  const auto key_of = [&](const char* path, const char* body) {
    post(path, body, {{"idempotency-key", "k"}});
    return *gateway_.key;
  };
  const auto first = key_of("/v1/jobs", R"({"workflow_key":"a"})");
  EXPECT_NE(key_of("/v1/jobs", R"({"workflow_key":"a","client_id":"shop"})").scope, first.scope);
  EXPECT_NE(key_of("/v1/trigger", R"({"workflow_id":"a"})").scope, first.scope);
  const auto other = key_of("/v1/jobs", R"({"workflow_key":"b"})");
  EXPECT_EQ(other.scope, first.scope);
  EXPECT_NE(other.request, first.request);
}

TEST_F(SubmitTest, AMalformedIdempotencyKeyIsRefused) {
  for (const std::string& key : {std::string(), std::string("\"\""), std::string("\"abc"), std::string("a\"b"),
                                 std::string("\"a\\b\""), std::string("\xC3\xA4"), std::string(256, 'k')}) {
    const auto answer = post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", key}});
    EXPECT_EQ(answer.status, 400) << key;
    EXPECT_EQ(answer.code(), "malformed_request");
  }
  EXPECT_EQ(post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", std::string(255, 'k')}}).status, 202);
}

TEST_F(SubmitTest, AKeptAnswerIsGivenAgain) {
  gateway_.accepted.kept = KeptAnswer{202, R"({"job_id":"first","links":{"self":"/v1/jobs/first"}})"};
  const auto answer = post("/v1/jobs", R"({"workflow_key":"a"})", {{"idempotency-key", "k"}, {"prefer", "wait=1"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["job_id"], "first");
  EXPECT_EQ(answer.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(answer.header("Location"), "/v1/jobs/first");
}

// --- traces

TEST_F(SubmitTest, AValidTraceparentIsPassedOnAndNoOther) {
  const std::string valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  post("/v1/jobs", R"({"workflow_key":"a"})", {{"traceparent", valid}});
  EXPECT_EQ(gateway_.caller.traceparent, valid);
  EXPECT_EQ(gateway_.caller.request_id, "request-1");
  for (const std::string& bad :
       {std::string(), std::string("x"), valid + "-x", "ff" + valid.substr(2),
        "00-" + std::string(32, '0') + valid.substr(35), valid.substr(0, 36) + std::string(16, '0') + "-01",
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")}) {
    post("/v1/jobs", R"({"workflow_key":"a"})", {{"traceparent", bad}});
    EXPECT_EQ(gateway_.caller.traceparent, "") << bad;
  }
}

// --- trigger

TEST_F(SubmitTest, ATriggerIsAJobWithThePayloadAsInputs) {
  const auto answer = post("/v1/trigger", R"({"workflow_id":"poster","payload":{"n":1}})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json(), (Json{{"run_id", kUuid}, {"job_id", "order-1"}, {"status", "triggered"}}));
  EXPECT_EQ(gateway_.submitted.at(0).workflow_key, "poster");
  EXPECT_EQ(gateway_.submitted[0].inputs.view(), R"({"n":1})");
}

TEST_F(SubmitTest, FaultsOfATriggerAreToldInItsOwnWords) {
  EXPECT_EQ(post("/v1/trigger", R"({"payload":1,"inputs":{}})").pointers(), "/workflow_id /payload /inputs");
  gateway_.error =
      Error{ErrorCode::validation_failed, "no", false, {{"/inputs/n", "is odd"}, {"/inputs", "x"}, {"/inputsx", "x"}}};
  EXPECT_EQ(post("/v1/trigger", R"({"workflow_id":"a"})").pointers(), "/payload/n /payload /inputsx");
}

}  // namespace
}  // namespace troupe::ingress
