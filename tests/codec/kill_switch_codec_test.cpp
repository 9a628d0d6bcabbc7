#include "codec/kill_switch_codec.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

constexpr const char* kId = "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001";

KillSwitch sample(SwitchScope scope, const std::string& target) {
  return {*parse_id<KillSwitchId>(kId),
          scope,
          target,
          SwitchMode::kill,
          "größer als \"gedacht\"\n",
          "ada",
          *parse_rfc3339("2026-11-21T01:02:03.456Z")};
}

TEST(KillSwitchCodec, GivesBackWhatItWrote) {
  for (SwitchScope scope : kSwitchScopes) {
    const KillSwitch written = sample(scope, scope == SwitchScope::global ? "" : "a target");
    const auto read = kill_switch_from_document(kId, kill_switch_to_document(written));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, written);
  }
}

TEST(KillSwitchCodec, WritesAllButTheId) {
  EXPECT_EQ(kill_switch_to_document(sample(SwitchScope::client, "shop")).view(),
            R"({"engaged_at":"2026-11-21T01:02:03.456Z","engaged_by":"ada","mode":"kill",)"
            R"("reason":"größer als \"gedacht\"\n","scope":"client","target":"shop"})");
}

TEST(KillSwitchCodec, NamesTheRowThatItCannotRead) {
  const std::pair<const char*, const char*> rules[] = {
      {R"({"scope":"global","mode":"pause","reason":"x","engaged_by":"a"})", "/engaged_at is no time"},
      {R"({"scope":"workflow","mode":"pause","reason":"x"})", "/target is required: which workflow is meant"},
      {R"({"scope":"moon","mode":"pause","reason":"x"})", "/scope must be global, workflow, client, pool or node"},
      {"[]", "it is no JSON object"},
  };
  for (const auto& [document, why] : rules) {
    const auto read = kill_switch_from_document(kId, Document(document));
    ASSERT_FALSE(read.ok()) << document;
    EXPECT_EQ(read.error().code, ErrorCode::store_corrupt);
    EXPECT_EQ(read.error().message, "kill switch " + std::string(kId) + ": " + why);
  }
  EXPECT_FALSE(kill_switch_from_document("k1", kill_switch_to_document(sample(SwitchScope::global, ""))).ok());
  EXPECT_FALSE(kill_switch_from_document(kId, Document()).ok());
}

TEST(KillSwitchCodec, ItsActionsAreInTheDocumentation) {
  std::ifstream file(TROUPE_DOCS "/audit.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const char* action : {"`kill_switch.engaged`", "`kill_switch.released`", "`kill_switch`", "`scope`", "`target`"})
    EXPECT_NE(page.str().find(action), std::string::npos) << action;
}

}  // namespace
}  // namespace troupe
