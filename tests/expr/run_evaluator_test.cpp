#include <gtest/gtest.h>

#include "codec/json.hpp"
#include "expr/expr.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

StepDefinition step(std::string name, std::vector<StepIndex> needs, std::string config = "{}") {
  StepDefinition made;
  made.name = std::move(name);
  made.needs = std::move(needs);
  made.config = Document(std::move(config));
  return made;
}

class RunEvaluatorTest : public ::testing::Test {
 protected:
  RunEvaluatorTest() {
    workflow_.key = "posters";
    facts_.client_id = "shop";
    facts_.client_job_id = "order-7";
    facts_.inputs = Document(R"({"prompt":"a fox","count":2,"names":["a","b"],"none":[]})");
    facts_.metadata = Document(R"({"user_id":"u1"})");
  }

  Evaluator& evaluator() {
    if (!evaluator_) evaluator_ = factory_->make(std::make_shared<WorkflowDefinition>(workflow_), facts_);
    return *evaluator_;
  }
  StepIndex given(StepDefinition made) {
    workflow_.steps.push_back(std::move(made));
    return static_cast<StepIndex>(workflow_.steps.size() - 1);
  }
  std::string config_of(StepIndex index, ItemIndex item = 0, AttemptNumber attempt = 1, bool compensation = false) {
    const auto config = evaluator().config(TaskKey{{}, index, item, attempt, compensation, 0});
    return config.ok() ? std::string(config->view()) : config.error().message;
  }
  std::string outputs() {
    const auto made = evaluator().outputs();
    return made.ok() ? std::string(made->view()) : made.error().message;
  }

  WorkflowDefinition workflow_;
  RunFacts facts_;
  std::unique_ptr<EvaluatorFactory> factory_ = make_evaluator_factory();
  std::unique_ptr<Evaluator> evaluator_;
};

TEST_F(RunEvaluatorTest, ShowsInputsIdsMetadataAndAttempt) {
  const auto a = given(step("a", {}, R"x({"p":"${ .inputs.prompt }","who":"${ .client_id }/${ .job_id }",
                                         "u":"${ .metadata.user_id }","try":"${ .attempt }","run":"${ .run_id | length }",
                                         "item":"${ .item }"})x"));
  EXPECT_EQ(config_of(a, 0, 3), R"({"item":null,"p":"a fox","run":36,"try":3,"u":"u1","who":"shop/order-7"})");
}

TEST_F(RunEvaluatorTest, ShowsTheJobsUuidWhenTheClientChoseNoId) {
  facts_.client_job_id.clear();
  const auto a = given(step("a", {}, R"({"id":"${ .job_id }"})"));
  EXPECT_EQ(config_of(a), "{\"id\":\"" + to_string(facts_.job) + "\"}");
}

TEST_F(RunEvaluatorTest, GivesAConfigWithoutExpressionsBackUntouched) {
  const auto a = given(step("a", {}, R"({"z": 1,  "a": "as written"})"));
  const auto config = evaluator().config(TaskKey{{}, a, 0, 1, false, 0});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->view().data(), workflow_.steps[a].config.view().data());
}

TEST_F(RunEvaluatorTest, ShowsResultsByStepAndNullForWhatHasNone) {
  given(step("a", {}));
  const auto b = given(step("b", {0}, R"({"x":"${ .steps.a.x }","all":"${ .steps | keys }","c":"${ .steps.c }"})"));
  given(step("c", {0}));
  evaluator().add_result(0, 0, Document(R"({"x":[1]})"));
  EXPECT_EQ(config_of(b), R"({"all":["a"],"c":null,"x":[1]})");
  evaluator().add_result(2, 0, Document());
  EXPECT_EQ(config_of(b), R"({"all":["a","c"],"c":{},"x":[1]})");
}

TEST_F(RunEvaluatorTest, MakesAListInItemOrderOfAForEachStep) {
  StepDefinition each = step("each", {}, R"({"n":"${ .item }"})");
  each.for_each = ".inputs.names";
  const auto index = given(each);
  const auto after = given(step("after", {0}, R"({"all":"${ .steps.each }","last":"${ .steps.each | last }"})"));
  EXPECT_EQ(*evaluator().item_count(index), 2u);
  EXPECT_EQ(config_of(index, 1), R"({"n":"b"})");
  EXPECT_EQ(config_of(after), R"({"all":null,"last":null})");
  evaluator().add_result(index, 1, Document(R"({"i":1})"));
  EXPECT_EQ(config_of(after), R"({"all":[null,{"i":1}],"last":{"i":1}})");
  evaluator().add_result(index, 0, Document(R"({"i":0})"));
  EXPECT_EQ(config_of(after), R"({"all":[{"i":0},{"i":1}],"last":{"i":1}})");
}

TEST_F(RunEvaluatorTest, ShowsAnEmptyListOfAForEachStepWithoutItems) {
  StepDefinition each = step("each", {});
  each.for_each = ".inputs.none";
  const auto index = given(each);
  const auto after = given(step("after", {0}, R"({"each":"${ .steps.each }"})"));
  EXPECT_EQ(config_of(after), R"({"each":null})");
  EXPECT_EQ(*evaluator().item_count(index), 0u);
  EXPECT_EQ(config_of(after), R"({"each":[]})");
}

TEST_F(RunEvaluatorTest, ShowsTheEmptyListThatItIsToldOfWhateverTheListWouldBeNow) {
  StepDefinition each = step("each", {});
  each.for_each = ".inputs.names";
  const auto index = given(each);
  const auto after = given(step("after", {0}, R"({"each":"${ .steps.each }"})"));
  workflow_.outputs = Document(R"("${ .steps.each | length }")");
  evaluator().add_empty(index);
  EXPECT_EQ(config_of(after), R"({"each":[]})");
  EXPECT_EQ(outputs(), "0");
}

TEST_F(RunEvaluatorTest, TakesJqsTruthForAWhen) {
  const std::pair<const char*, bool> cases[] = {{"true", true},           {"false", false},
                                                {"null", false},          {"0", true},
                                                {"\"\"", true},           {".inputs.count > 1", true},
                                                {".inputs.absent", false}};
  for (const auto& [expression, truth] : cases) {
    StepDefinition made = step("a", {});
    made.when = expression;
    workflow_.steps = {made};
    evaluator_.reset();
    const auto answer = evaluator().condition(0);
    ASSERT_TRUE(answer.ok()) << expression;
    EXPECT_EQ(*answer, truth) << expression;
  }
}

TEST_F(RunEvaluatorTest, NamesStepAndFieldOfAFault) {
  StepDefinition made = step("a", {}, R"({"body":{"x":"${ .inputs.prompt.y }"}})");
  made.when = "error(\"never\")";
  made.for_each = ".inputs.count";
  given(made);
  EXPECT_EQ(evaluator().condition(0).error().message, "step \"a\", when: error(\"never\"): never");
  EXPECT_EQ(evaluator().item_count(0).error().message,
            "step \"a\", for_each: .inputs.count: must give a list, and gives number");
  workflow_.steps[0].for_each.clear();
  evaluator_.reset();
  EXPECT_EQ(config_of(0), "step \"a\", config /body/x: .inputs.prompt.y: Cannot index string with string \"y\"");
  const auto config = evaluator().config(TaskKey{{}, 0, 0, 1, false, 0});
  EXPECT_EQ(config.error().faults.at(0).pointer, "/steps/0/config/body/x");
}

TEST_F(RunEvaluatorTest, BoundsTheNumberOfItems) {
  StepDefinition made = step("a", {});
  made.for_each = "[range(10001)]";
  given(made);
  EXPECT_EQ(evaluator().item_count(0).error().message,
            "step \"a\", for_each: [range(10001)]: gives 10001 items; at most 10000 are allowed");
}

TEST_F(RunEvaluatorTest, ShowsACompensationTheItemAndTheResults) {
  StepDefinition made = step("publish", {}, "{}");
  made.for_each = ".inputs.names";
  made.compensate = Compensation{StepType::http, Document(R"({"url":"x/${ .item }/${ .steps.publish[1].id }"})"), 60s};
  given(made);
  evaluator().add_result(0, 0, Document(R"({"id":10})"));
  evaluator().add_result(0, 1, Document(R"({"id":11})"));
  EXPECT_EQ(config_of(0, 1, 1, true), R"({"url":"x/b/11"})");
}

TEST_F(RunEvaluatorTest, ComputesWhenADelayIsOver) {
  const Timestamp now = from_unix_ms(1'000'000);
  const auto wake = [&](std::string config) {
    workflow_.steps = {step("wait", {}, std::move(config))};
    evaluator_.reset();
    return evaluator().wake_time(0, 0, now);
  };
  EXPECT_EQ(*wake(R"({"duration":1.5})"), now + 1500ms);
  EXPECT_EQ(*wake(R"({"duration":"${ .inputs.count }"})"), now + 2s);
  EXPECT_EQ(*wake(R"({"duration":"${ .inputs.count }m"})"), now + 2min);
  EXPECT_EQ(*wake(R"({"until":"1970-01-01T01:00:00Z"})"), from_unix_ms(3'600'000));
  EXPECT_EQ(*wake(R"({"until":"1970-01-01T00:00:01Z"})"), now);
  EXPECT_EQ(wake(R"({"duration":"${ .inputs.prompt }"})").error().code, ErrorCode::invalid_config);
  EXPECT_EQ(wake(R"({"until":"${ .inputs.prompt }"})").error().message,
            "step \"wait\", config /until: must be a time as RFC 3339 has it, as in 2026-11-21T01:02:03Z");
}

TEST_F(RunEvaluatorTest, NamesTheSignalOfEachItem) {
  StepDefinition made = step("wait", {}, R"({"name":"paid-${ .item }"})");
  made.type = StepType::signal;
  made.for_each = ".inputs.names";
  given(made);
  EXPECT_EQ(*evaluator().signal_name(0, 1), "paid-b");
  workflow_.steps[0].config = Document(R"({"name":"${ .inputs.prompt }"})");
  evaluator_.reset();
  EXPECT_EQ(evaluator().signal_name(0, 0).error().message,
            "step \"wait\", config /name: must be 1 to 64 of A-Z a-z 0-9 . _ : -");
}

TEST_F(RunEvaluatorTest, TellsTheNameOfASignalAtAnyTimeIfNoExpressionMakesIt) {
  StepDefinition written = step("wait", {0}, R"({"name":"paid"})");
  written.type = StepType::signal;
  written.for_each = ".steps.before.list";
  given(step("before", {}));
  given(written);
  EXPECT_EQ(evaluator().written_signal_name(1), "paid");
  for (const char* made : {R"({"name":"${ .inputs.prompt }"})", R"({"name":"paid-${ .item }"})"}) {
    workflow_.steps[1].config = Document(made);
    evaluator_.reset();
    EXPECT_EQ(evaluator().written_signal_name(1), std::nullopt) << made;
  }
}

TEST_F(RunEvaluatorTest, ASignalIsTakenWithItsPayload) {
  given(step("wait", {}));
  const auto after = given(step("after", {0}, R"({"n":"${ .steps.wait.payload.n }"})"));
  evaluator().add_signal(1, Document(R"({"n":[1]})"));
  evaluator().add_signal(2, {});
  EXPECT_EQ(evaluator().signal_payload(1).view(), R"({"n":[1]})");
  EXPECT_EQ(evaluator().take_signal(1, 0, 0).view(), R"({"payload":{"n":[1]}})");
  EXPECT_EQ(config_of(after), R"({"n":[1]})");
  EXPECT_EQ(evaluator().take_signal(2, 0, 0).view(), R"({"payload":null})");
}

TEST_F(RunEvaluatorTest, AnItemThatFailedShowsItsError) {
  StepDefinition made = step("each", {});
  made.for_each = "[1,2]";
  given(made);
  const auto after = given(step("after", {0}, R"({"codes":"${ [.steps.each[].error.code] }"})"));
  evaluator().add_result(0, 0, {});
  evaluator().add_failure(0, 1, {ErrorCode::http_status, "404", false, {}});
  EXPECT_EQ(config_of(after), R"({"codes":[null,"http_status"]})");
}

constexpr const char* kFirst = "019aa3f2-6000-7000-8a2f-3b1f64aa9001";
constexpr const char* kSecond = "019aa3f2-6000-7000-8a2f-3b1f64aa9002";

TEST_F(RunEvaluatorTest, AnApprovalGivesWhatWasDecidedAboutItsImages) {
  const auto review = given(step("review", {}, R"({"assets":"${ .inputs.assets }","min_approvers":2})"));
  const auto after = given(step("after", {review}, R"({"urls":"${ [.steps.review.approved[].url] }"})"));
  facts_.inputs = to_document(Json{{"assets", {{{"id", kFirst}, {"url", "/1"}, {"status", "pending"}}, kSecond}}});
  const auto ask = evaluator().approval(review, 0);
  ASSERT_TRUE(ask.ok()) << ask.error().message;
  EXPECT_EQ(ask->terms, (ApprovalTerms{2, 1, 2, OnExpiry::fail}));
  ASSERT_EQ(ask->assets.size(), 2u);
  evaluator().add_review({ask->assets[0], "ada", true, "fine", from_unix_ms(1'000)});
  evaluator().add_review({AssetId{{9}}, "ada", true, "of another step", from_unix_ms(1'000)});
  Bitmap first, second;
  first.set(0);
  second.set(1);
  ASSERT_EQ(evaluator().reviews(ask->assets[0]).size(), 1u);
  EXPECT_EQ(evaluator().reviews(ask->assets[0])[0].notes, "fine");
  const Json outputs = from_document(evaluator().finish_approval(review, 0, first, second, true));
  EXPECT_EQ(outputs["approved"], Json({{{"id", kFirst}, {"url", "/1"}, {"status", "approved"}}}));
  EXPECT_EQ(outputs["rejected"], Json({{{"id", kSecond}, {"status", "rejected"}}}));
  EXPECT_EQ(outputs["decisions"], Json({{{"asset_id", kFirst},
                                         {"reviewer", "ada"},
                                         {"decision", "approved"},
                                         {"notes", "fine"},
                                         {"decided_at", "1970-01-01T00:00:01.000Z"}}}));
  EXPECT_EQ(outputs["expired"], true);
  EXPECT_EQ(config_of(after), R"({"urls":["/1"]})");
}

TEST_F(RunEvaluatorTest, AnApprovalThatCannotBeAskedForNamesThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"assets":[]})", "/assets: is empty: there is nothing to approve"},
      {R"({"assets":"x"})", "/assets: must be a list of assets"},
      {R"({"assets":[{"url":"/1"}]})", "/assets/0: must be an asset, with its id"},
      {R"({"assets":["019aa3f2-6000-7000-8a2f-3b1f64aa9001","019aa3f2-6000-7000-8a2f-3b1f64aa9001"]})",
       "/assets/1: is in the list twice"},
      {R"({"assets":["019aa3f2-6000-7000-8a2f-3b1f64aa9001"],"min_approved":2})",
       "/min_approved: must be a whole number from 1 to 1"},
      {R"({"assets":["019aa3f2-6000-7000-8a2f-3b1f64aa9001"],"on_expiry":"later"})",
       "/on_expiry: must be fail, approve, reject or skip"},
  };
  for (const auto& [config, message] : cases) {
    workflow_.steps = {step("review", {}, config)};
    evaluator_.reset();
    EXPECT_EQ(evaluator().approval(0, 0).error().message, std::string("step \"review\", config ") + message) << config;
  }
}

TEST_F(RunEvaluatorTest, MakesTheRunsOutputs) {
  given(step("a", {}));
  EXPECT_EQ(outputs(), "{}");
  workflow_.outputs = Document(R"({"x":"${ .steps.a.v }","by":"${ .client_id }"})");
  evaluator_.reset();
  evaluator().add_result(0, 0, Document(R"({"v":"${secret:no harm here}"})"));
  EXPECT_EQ(outputs(), R"({"by":"shop","x":"${secret:no harm here}"})");
  workflow_.outputs = Document(R"({"x":"${ .client_id.y }"})");
  evaluator_.reset();
  EXPECT_EQ(outputs(), "outputs /x: .client_id.y: Cannot index string with string \"y\"");
}

TEST_F(RunEvaluatorTest, StaysRightWhileThousandsOfResultsArriveBetweenExpressions) {
  StepDefinition each = step("each", {});
  each.for_each = "[range(3000)]";
  given(each);
  const auto after = given(step("after", {0}, R"({"n":"${ .steps.each | length }"})"));
  for (ItemIndex i = 0; i < 3'000; ++i) {
    evaluator().add_result(0, i, Document("{\"i\":" + std::to_string(i) + "}"));
    if (i % 100 == 99) {
      EXPECT_EQ(config_of(after), "{\"n\":" + std::to_string(i + 1) + "}");
    }
  }
}

TEST_F(RunEvaluatorTest, GivesTheConcurrencyKeyAsCanonicalJson) {
  facts_.inputs = Document(R"({"b":[1.0,{"d":2,"c":null}],"long":")" + std::string(255, 'x') + "\"}");
  const auto key = [&](const std::string& form) {
    workflow_.concurrency_key = form;
    evaluator_.reset();
    const auto made = evaluator().concurrency_key();
    return made.ok() ? *made : made.error().message;
  };
  EXPECT_EQ(key(""), "null");
  EXPECT_EQ(key("all"), R"("all")");
  EXPECT_EQ(key("${ .client_id }/${ .job_id }"), R"("shop/order-7")");
  EXPECT_EQ(key("${ .inputs.b }"), R"([1,{"c":null,"d":2}])");
  EXPECT_EQ(key("${ .inputs.none }"), "null");
  EXPECT_EQ(key("${ .inputs.long }"), "the concurrency key has 257 bytes as JSON; at most 256 are allowed");
  EXPECT_TRUE(key("${ .client_id.x }").starts_with("the concurrency key cannot be evaluated: "))
      << key("${ .client_id.x }");
}

}  // namespace
}  // namespace troupe
