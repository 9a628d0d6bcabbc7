#include "troupe/domain/validation.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

WorkflowDraft draft(std::vector<std::pair<std::string, std::vector<std::string>>> steps, bool any_needs = true) {
  WorkflowDraft draft;
  draft.definition.key = "poster";
  draft.any_needs = any_needs;
  for (auto& [name, needs] : steps) {
    draft.definition.steps.emplace_back().name = name;
    draft.needs.push_back(needs);
  }
  return draft;
}

TEST(Validation, WithoutNeedsStepsRunInListOrder) {
  WorkflowDraft given = draft({{"a", {}}, {"b", {}}, {"c", {}}}, false);
  EXPECT_TRUE(resolve(given).empty());
  EXPECT_EQ(given.definition.steps[2].needs, std::vector<StepIndex>{1});
}

TEST(Validation, AllFaultsAreReportedTogetherEachWithItsPlace) {
  WorkflowDraft given = draft({{"a", {"c"}}, {"a", {"nope"}}, {"c", {"a"}}});
  const std::vector<Fault> faults = resolve(given);
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].pointer, "/steps/1/name");
  EXPECT_EQ(faults[1].pointer, "/steps/1/needs/0");
  EXPECT_NE(faults[2].message.find("a needs c needs a"), std::string::npos) << faults[2].message;
}

TEST(Validation, AStepCannotNeedItself) {
  WorkflowDraft given = draft({{"a", {"a"}}});
  EXPECT_EQ(resolve(given).at(0).pointer, "/steps/0/needs/0");
}

TEST(Validation, ADelayIsNoCompensationAndACompensationTakesTime) {
  WorkflowDraft given = draft({{"a", {}}});
  given.definition.steps[0].compensate = Compensation{StepType::delay, Document("{}"), Millis(0)};
  const std::vector<Fault> faults = resolve(given);
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].pointer, "/steps/0/compensate/type");
  EXPECT_EQ(faults[1].pointer, "/steps/0/compensate/timeout");
}

}  // namespace
}  // namespace troupe
