// Which kill switch governs a piece of work, and which ones make no sense.
#include "troupe/domain/kill_switch.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr SwitchedWork kWork{"poster", "shop", "gpu", "node-1"};

/// Ids in the order they are made.
KillSwitchPtr engaged(std::uint8_t number, SwitchScope scope, std::string target, SwitchMode mode) {
  KillSwitch made;
  made.id.bytes[15] = number;
  made.scope = scope;
  made.target = std::move(target);
  made.mode = mode;
  made.reason = "the bank is down";
  return std::make_shared<const KillSwitch>(std::move(made));
}

KillSwitchSet set_of(const std::vector<KillSwitchPtr>& switches) {
  KillSwitchSet set;
  for (const KillSwitchPtr& one : switches) set.add(one);
  return set;
}

TEST(KillSwitch, CoversWhatItsScopeAndTargetName) {
  const struct {
    SwitchScope scope;
    const char* target;
    bool covers;
  } rules[] = {
      {SwitchScope::global, "", true},        {SwitchScope::workflow, "poster", true},
      {SwitchScope::workflow, "shop", false}, {SwitchScope::workflow, "post", false},
      {SwitchScope::client, "shop", true},    {SwitchScope::client, "Shop", false},
      {SwitchScope::client, "poster", false}, {SwitchScope::pool, "gpu", true},
      {SwitchScope::pool, "default", false},  {SwitchScope::node, "node-1", true},
      {SwitchScope::node, "node-2", false},
  };
  for (const auto& rule : rules) {
    const auto one = engaged(1, rule.scope, rule.target, SwitchMode::pause);
    EXPECT_EQ(covers(*one, kWork), rule.covers) << describe_scope(*one);
    EXPECT_EQ(set_of({one}).governing(kWork) != nullptr, rule.covers) << describe_scope(*one);
  }
}

TEST(KillSwitch, OfWorkThatIsKnownInPartOnlyCoversNothingItDoesNotName) {
  const SwitchedWork job{"poster", "shop", "", ""};
  EXPECT_FALSE(covers(*engaged(1, SwitchScope::pool, "gpu", SwitchMode::kill), job));
  EXPECT_FALSE(covers(*engaged(1, SwitchScope::node, "node-1", SwitchMode::kill), job));
  EXPECT_FALSE(covers(*engaged(1, SwitchScope::pool, "", SwitchMode::kill), job));
  EXPECT_TRUE(covers(*engaged(1, SwitchScope::global, "", SwitchMode::kill), SwitchedWork{}));
}

TEST(KillSwitch, TheStrongestGovernsThenTheWidestThenTheOldest) {
  using enum SwitchScope;
  using enum SwitchMode;
  const struct {
    std::vector<KillSwitchPtr> switches;
    std::uint8_t governs;  ///< 0: none
  } rules[] = {
      {{}, 0},
      {{engaged(1, global, "", drain), engaged(2, node, "node-1", pause)}, 2},
      {{engaged(1, pool, "gpu", kill), engaged(2, global, "", pause)}, 1},
      {{engaged(1, client, "shop", drain), engaged(2, workflow, "poster", drain)}, 2},
      {{engaged(1, workflow, "poster", pause), engaged(2, global, "", pause)}, 2},
      {{engaged(2, client, "shop", pause), engaged(1, client, "shop", pause)}, 1},
      {{engaged(1, client, "other", kill), engaged(2, client, "shop", drain)}, 2},
      {{engaged(1, workflow, "other", kill), engaged(2, node, "node-2", kill)}, 0},
  };
  for (const auto& rule : rules) {
    const auto found = set_of(rule.switches).governing(kWork);
    EXPECT_EQ(found ? found->id.bytes[15] : 0, rule.governs) << &rule - rules;
  }
}

TEST(KillSwitch, GovernsNoLongerOnceItIsReleased) {
  const auto strong = engaged(1, SwitchScope::client, "shop", SwitchMode::kill);
  const auto weak = engaged(2, SwitchScope::client, "shop", SwitchMode::drain);
  KillSwitchSet set = set_of({strong, weak});
  set.remove(strong->id);
  EXPECT_EQ(set.governing(kWork), weak);
  set.remove(strong->id);
  set.remove(weak->id);
  EXPECT_EQ(set.governing(kWork), nullptr);
  EXPECT_TRUE(set.empty());
}

TEST(KillSwitch, TellsWhomItStopsWhichItIsWhatItCoversAndWhy) {
  const Error error = engaged_error(*engaged(7, SwitchScope::workflow, "poster", SwitchMode::drain));
  EXPECT_EQ(error.code, ErrorCode::kill_switch_engaged);
  EXPECT_EQ(
      error.message,
      "the kill switch 00000000-0000-0000-0000-000000000007 (workflow poster, drain) is engaged: the bank is down");
}

TEST(KillSwitch, IsRefusedWithAllItsFaultsAtOnce) {
  using Text = std::optional<std::string>;
  const Text none;
  const struct {
    KillSwitchDraft draft;
    const char* pointers;
  } rules[] = {
      {{"global", none, "pause", "why"}, ""},
      {{"workflow", "poster", "drain", "why"}, ""},
      {{"client", "anyone at all", "kill", "why"}, ""},
      {{"pool", "default", "pause", "why"}, ""},
      {{"node", "node-1", "pause", "why"}, ""},
      {{"global", "poster", "pause", "why"}, "/target"},
      {{"global", "", "pause", "why"}, "/target"},
      {{"workflow", none, "pause", "why"}, "/target"},
      {{"client", "", "pause", "why"}, "/target"},
      {{"client", "a\nb", "pause", "why"}, "/target"},
      {{"pool", std::string(129, 'p'), "pause", "why"}, "/target"},
      {{"Global", none, "pause", "why"}, "/scope"},
      {{"global", none, "stop", "why"}, "/mode"},
      {{"global", none, "pause", " \n"}, "/reason"},
      {{"global", none, "pause", std::string(1001, 'r')}, "/reason"},
      {{"planet", none, "stop", none}, "/scope /mode /reason"},
      {{none, none, none, none}, "/scope /mode /reason"},
      {{"node", none, none, "why"}, "/target /mode"},
  };
  for (const auto& rule : rules) {
    std::string pointers;
    for (const Fault& fault : faults_of(rule.draft)) pointers += (pointers.empty() ? "" : " ") + fault.pointer;
    EXPECT_EQ(pointers, rule.pointers) << &rule - rules;
    const auto resolved = resolve(rule.draft);
    EXPECT_EQ(resolved.ok(), pointers.empty());
    if (!resolved) {
      EXPECT_EQ(resolved.error().code, ErrorCode::validation_failed);
    }
  }
}

TEST(KillSwitch, ScopesAndModesHaveTexts) {
  for (SwitchScope scope : kSwitchScopes) EXPECT_EQ(scope_from_text(scope_text(scope)), scope);
  for (SwitchMode mode : kSwitchModes) EXPECT_EQ(mode_from_text(mode_text(mode)), mode);
  EXPECT_EQ(scope_from_text(""), std::nullopt);
  EXPECT_EQ(mode_from_text("killed"), std::nullopt);
}

}  // namespace
}  // namespace troupe
