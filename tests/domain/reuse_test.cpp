#include "troupe/domain/reuse.hpp"

#include <gtest/gtest.h>

#include "domain/run_fixture.hpp"

namespace troupe {
namespace {

/// A run that has done `reserve`, which can be undone, and `pay`; it is retried from `pay`.
class ReuseTest : public RunTest {
 protected:
  ReuseTest() {
    workflow.version = 1;
    step("reserve").compensate = Compensation{StepType::http, Document("{}"), Millis(60'000), {}};
    step("pay", StepType::http, {0});
    start();
    complete(0);
    complete(1);
    changed = workflow;
    changed.version = 2;
  }
  std::string refusal(bool inputs_changed, const std::string& from = "pay") {
    const auto retry = make_retry(state, workflow, changed, RunId{{2}}, from, now, Millis(60'000));
    const auto refused = refuse_reuse(*retry, workflow, changed, inputs_changed);
    if (!refused) return "none";
    EXPECT_EQ(refused->code, ErrorCode::validation_failed);
    std::string pointers;
    for (const Fault& fault : refused->faults) pointers += fault.pointer + " ";
    return pointers;
  }
  WorkflowDefinition changed;
};

TEST_F(ReuseTest, IsRefusedWithOtherInputsWhereAStepThatIsReusedCanBeUndone) {
  EXPECT_EQ(refusal(true), "/inputs ");
  EXPECT_EQ(refusal(false), "none");
  EXPECT_EQ(refusal(true, "reserve"), "none") << "it is done again";
}

TEST_F(ReuseTest, TakesOtherInputsWhereNothingCanBeUndone) {
  workflow.steps[0].compensate.reset();
  changed.steps[0].compensate.reset();
  EXPECT_EQ(refusal(true), "none");
}

TEST_F(ReuseTest, IsRefusedWhereAnotherVersionUndoesTheStepInAnotherWay) {
  changed.steps[0].compensate->timeout = Millis(1);
  EXPECT_EQ(refusal(false), "none") << "how long it may take is another matter";
  changed.steps[0].for_each = ".inputs.seats";
  changed.steps[0].compensate->config = Document(R"({"url":"elsewhere"})");
  EXPECT_EQ(refusal(false), "none") << "it got its for_each, so it is done again";
  changed.steps[0].for_each.clear();
  EXPECT_EQ(refusal(false), "/workflow_version ");
  changed.steps[0].compensate.reset();
  EXPECT_EQ(refusal(false), "/workflow_version ") << "not at all";
  EXPECT_EQ(refusal(true), "/workflow_version ");
}

}  // namespace
}  // namespace troupe
