#include "cli/cli_fixture.hpp"

namespace troupe {
namespace {

using ::testing::HasSubstr;

class KillSwitchCommandTest : public CliTest {};

constexpr const char* kId = "019aa3f2-7000-7000-8a2f-3b1f64aa9001";
const std::string kPaused =
    R"({"id":"019aa3f2-7000-7000-8a2f-3b1f64aa9001","scope":"workflow","target":"poster","mode":"pause",)"
    R"("reason":"it makes nonsense","engaged_by":"ada","engaged_at":"2026-11-21T01:02:03.456Z"})";

TEST_F(KillSwitchCommandTest, EngageSendsScopeTargetModeAndReason) {
  server_.answer("POST /v1/kill-switches", 201, kPaused);
  EXPECT_EQ(run({"kill-switch", "engage", "workflow", "poster", "--mode", "pause", "--reason", "it makes nonsense"}),
            0);
  EXPECT_EQ(last_body(),
            (Json{{"scope", "workflow"}, {"target", "poster"}, {"mode", "pause"}, {"reason", "it makes nonsense"}}));
  EXPECT_EQ(out_, std::string(kId) + " engaged: pause of workflow poster\n");
}

TEST_F(KillSwitchCommandTest, GlobalNeedsNoTarget) {
  server_.answer("POST /v1/kill-switches", 201,
                 R"({"id":"k","scope":"global","target":null,"mode":"kill","reason":"x"})");
  EXPECT_EQ(run({"kill-switch", "engage", "global", "--mode", "kill", "--reason", "x"}), 0);
  EXPECT_FALSE(last_body().contains("target"));
  EXPECT_EQ(out_, "k engaged: kill of global\n");
}

TEST_F(KillSwitchCommandTest, EngageWantsAScopeAModeAndAReasonThatThereAre) {
  EXPECT_EQ(run({"kill-switch", "engage", "planet", "x", "--mode", "pause", "--reason", "x"}), 2);
  EXPECT_EQ(run({"kill-switch", "engage", "global", "--mode", "halt", "--reason", "x"}), 2);
  EXPECT_EQ(run({"kill-switch", "engage", "global", "--reason", "x"}), 2);
  EXPECT_EQ(run({"kill-switch", "engage", "global", "--mode", "pause"}), 2);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(KillSwitchCommandTest, TheSameOnceMoreIsAConflict) {
  server_.refuse("POST /v1/kill-switches", 409, "conflict", "It is engaged already.");
  EXPECT_EQ(run({"kill-switch", "engage", "global", "--mode", "pause", "--reason", "x"}), 6);
  EXPECT_THAT(err_, HasSubstr("It is engaged already."));
}

TEST_F(KillSwitchCommandTest, ListShowsWhatIsEngaged) {
  server_.answer("GET /v1/kill-switches?limit=50", 200, R"({"items":[)" + kPaused + R"(],"next_cursor":"more"})");
  EXPECT_EQ(run({"kill-switch", "list"}), 0);
  EXPECT_EQ(out_, "ID                                    SCOPE     TARGET  MODE   ENGAGED              BY   REASON\n" +
                      std::string(kId) + "  workflow  poster  pause  2026-11-21 01:02:03  ada  it makes nonsense\n");
  EXPECT_EQ(err_, "more: --cursor more\n");
}

TEST_F(KillSwitchCommandTest, ReleaseDeletesIt) {
  server_.answer(std::string("DELETE /v1/kill-switches/") + kId, 200, kPaused);
  EXPECT_EQ(run({"kill-switch", "release", kId}), 0);
  EXPECT_EQ(last_request().method, "DELETE");
  EXPECT_EQ(out_, std::string(kId) + " released: pause of workflow poster\n");
  EXPECT_EQ(run({"kill-switch", "release", "other"}), 5);
  EXPECT_EQ(run({"kill-switch", "release", kId, "--json"}), 0);
  EXPECT_EQ(out_json(), parse_json(kPaused).value());
}

}  // namespace
}  // namespace troupe
