#include "codec/run_state_codec.hpp"

#include <gtest/gtest.h>

#include <msgpack.hpp>
#include <sstream>

#include "random_run_state.hpp"

namespace troupe {
namespace {

constexpr std::uint32_t kSeed = 20261121;

RunState one_step_running() {
  RunState state;
  state.run.bytes.fill(0xAB);
  state.status = Status::running;
  state.accepted_at = from_unix_ms(1'763'686'400'123);
  state.started_at = state.accepted_at + Millis(2);
  state.deadline = state.accepted_at + Millis(300'000);
  state.steps.resize(1);
  state.steps[0].status = Status::running;
  state.steps[0].items = state.steps[0].next = 1;
  state.steps[0].started_at = state.started_at;
  state.steps[0].live.push_back({0, 1, AttemptPhase::started, state.deadline});
  return state;
}

RunState many_items(ItemIndex items) {
  RunState state = one_step_running();
  StepState& step = state.steps[0];
  step.items = step.next = items;
  step.live.clear();
  for (ItemIndex i = 0; i < limits::kItemsLive; ++i)
    step.live.push_back({items - limits::kItemsLive + i, 2, AttemptPhase::started, state.deadline});
  return state;
}

TEST(RunStateCodec, ReadsBackEveryStateItWrites) {
  for (std::uint32_t seed = kSeed; seed < kSeed + 500; ++seed) {
    const RunState state = RandomRunState(seed).make();
    const auto read = decode_run_state(encode_run_state(state));
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.error().message;
    ASSERT_EQ(*read, state) << "seed " << seed;
  }
}

TEST(RunStateCodec, ReadsBackAStateAtItsDefaults) {
  const auto read = decode_run_state(encode_run_state(RunState{}));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, RunState{});
}

TEST(RunStateCodec, KeepsAnErrorWithItsFaults) {
  RunState state = one_step_running();
  state.error = Error{ErrorCode::validation_failed, "two fields", false, {{"/a", "is missing"}, {"", "is odd"}}};
  const auto read = decode_run_state(encode_run_state(state));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->error, state.error);
}

TEST(RunStateCodec, StoresErrorCodesAsText) {
  RunState state = one_step_running();
  state.error = Error{ErrorCode::step_timeout, "", true, {}};
  EXPECT_NE(encode_run_state(state).find("step_timeout"), std::string::npos);
}

TEST(RunStateCodec, ReadsACodeItDoesNotKnowAsInternalAndSaysWhichItWas) {
  RunState state = one_step_running();
  state.error = Error{ErrorCode::step_timeout, "late", true, {}};
  std::string bytes = encode_run_state(state);
  bytes.replace(bytes.find("step_timeout"), 12, "step_tiredof");
  const auto read = decode_run_state(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->error, (Error{ErrorCode::internal, "step_tiredof: late", true, {}}));
}

TEST(RunStateCodec, NeedsLessThan100BytesForAOneStepRun) {
  EXPECT_LT(encode_run_state(one_step_running()).size(), 100u);
}

TEST(RunStateCodec, NeedsLessThan1KibForTenThousandItemsThatEndRoughlyInOrder) {
  RunState state = many_items(10'000);
  for (ItemIndex item = 0; item < 10'000 - limits::kItemsLive; ++item)
    if (item % 997 != 0) state.steps[0].done.set(item);
  EXPECT_LT(encode_run_state(state).size(), 1'024u);
}

TEST(RunStateCodec, NeedsAtMost2KibForTenThousandItemsInTheWorstOrder) {
  RunState state = many_items(10'000);
  for (ItemIndex item = 0; item < 10'000; item += 2) state.steps[0].done.set(item);
  EXPECT_LE(encode_run_state(state).size(), 2'048u);
}

TEST(RunStateCodec, SkipsKeysItDoesNotKnow) {
  std::stringstream bytes;
  msgpack::packer packer(bytes);
  packer.pack(1);
  packer.pack_map(5);
  packer.pack("later").pack(std::vector<int>{1, 2});
  packer.pack(200).pack("of a newer version");
  packer.pack(12'345).pack_nil();
  packer.pack(5).pack(1);
  packer.pack(14);
  packer.pack_array(1);
  packer.pack_map(2);
  packer.pack(99).pack(1.5);
  packer.pack(5);
  packer.pack_array(1);
  packer.pack_array(7).pack(0).pack(3).pack(1).pack(17).pack("go").pack("new").pack(true);

  const auto read = decode_run_state(bytes.str());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->status, Status::running);
  ASSERT_EQ(read->steps.size(), 1u);
  EXPECT_EQ(read->steps[0].live, (std::vector<LiveItem>{{0, 3, AttemptPhase::started, from_unix_ms(17), "go"}}));
}

TEST(RunStateCodec, RefusesAFormatOfANewerVersionByThatName) {
  std::string bytes = encode_run_state(one_step_running());
  bytes[0] = 2;
  const auto read = decode_run_state(bytes);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::store_newer);
}

// --- damaged and hostile bytes ---

TEST(RunStateCodec, RefusesEveryTruncation) {
  const std::string bytes = encode_run_state(RandomRunState(kSeed).make());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = decode_run_state(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(read.ok()) << size;
    ASSERT_EQ(read.error().code, ErrorCode::store_corrupt) << size;
  }
}

TEST(RunStateCodec, RefusesBytesThatFollowTheState) {
  const auto read = decode_run_state(encode_run_state(one_step_running()) + "x");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::store_corrupt);
}

TEST(RunStateCodec, SurvivesAnyMutation) {
  std::size_t refused = 0;
  constexpr std::uint32_t kStates = 40, kMutations = 100;
  for (std::uint32_t seed = kSeed; seed < kSeed + kStates; ++seed) {
    RandomRunState random(seed);
    const std::string bytes = encode_run_state(random.make());
    for (std::uint32_t i = 0; i < kMutations; ++i) {
      std::string mutated = bytes;
      for (std::int64_t flips = 1 + random.number(3); flips > 0; --flips) {
        const auto at = static_cast<std::size_t>(random.number(static_cast<std::int64_t>(bytes.size()) - 1));
        mutated[at] = static_cast<char>(random.number(255));
      }
      const auto read = decode_run_state(mutated);
      if (!read.ok()) {
        ++refused;
        continue;
      }
      // What is read is a proper state: it can be written and read again.
      const auto again = decode_run_state(encode_run_state(*read));
      ASSERT_TRUE(again.ok()) << "seed " << seed << ", mutation " << i;
      ASSERT_EQ(*again, *read) << "seed " << seed << ", mutation " << i;
    }
  }
  EXPECT_GT(refused, kStates * kMutations / 10);
}

struct Hostile {
  std::string_view rule;
  std::string bytes;
};

TEST(RunStateCodec, RefusesWhatNoRunStateHolds) {
  using namespace std::string_literals;
  const std::vector<Hostile> rows = {
      {"nothing at all", ""},
      {"no version", "\x81\x05\x01"s},
      {"not a map", "\x01\x93\x01\x02\x03"s},
      {"an array that claims 2^32 elements", "\x01\x81\x0e\xdd\xff\xff\xff\xff"s},
      {"a map that claims 2^32 pairs", "\x01\xdf\xff\xff\xff\xff"s},
      {"bytes that claim 4 GiB", "\x01\x81\x01\xc6\xff\xff\xff\xff"s},
      {"nested arrays that each claim as much as there is",
       "\x01\x81\x0e\xdc\x00\x10\xdc\x00\x10\xdc\x00\x10\xdc\x00\x10\xdc\x00\x10\xdc\x00\x10"s},
      {"nesting without an end", "\x01\x81\x0e" + std::string(100'000, '\x91') + "\x01"},
      {"an id of 3 bytes", "\x01\x81\x01\xc4\x03\x00\x00\x00"s},
      {"a status out of its enumeration", "\x01\x81\x05\x06"s},
      {"a phase out of its enumeration", "\x01\x81\x04\x04"s},
      {"a negative number", "\x01\x81\x03\xff"s},
      {"an epoch of more than 16 bits", "\x01\x81\x0b\xce\x00\x01\x00\x00"s},
      {"a text for a number", "\x01\x81\x05\xa1x"s},
      {"more steps than there can be", "\x01\x81\x0e\xdc\x20\x00"s + std::string(0x2000, '\x80')},
      {"a live item of two elements", "\x01\x81\x0e\x91\x81\x05\x91\x92\x00\x01"s},
      {"a compensation of a step that does not exist", "\x01\x81\x0f\x93\x00\x01\x00"s},
      {"a bitmap whose run is cut off", "\x01\x81\x0e\x91\x81\x04\xc4\x01\xc0"s},
      {"a bitmap whose literal is cut off", "\x01\x81\x0e\x91\x81\x04\xc4\x02\x05\x01"s},
      {"a bitmap of 16 KiB", "\x01\x81\x0e\x91\x81\x04\xc4\x02\xff\xff"s},
      {"a million items", "\x01\x81\x0e\x91\x81\x02\xce\x00\x0f\x42\x40"s},
      {"a next item beyond the items", "\x01\x81\x0e\x91\x82\x02\x01\x03\x02"s},
      {"a type MessagePack has not", "\x01\x81\x05\xc1"s},
  };
  for (const Hostile& row : rows) {
    const auto read = decode_run_state(row.bytes);
    ASSERT_FALSE(read.ok()) << row.rule;
    EXPECT_EQ(read.error().code, ErrorCode::store_corrupt) << row.rule;
  }
}

}  // namespace
}  // namespace troupe
