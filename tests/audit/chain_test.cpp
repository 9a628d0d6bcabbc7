#include "audit/chain.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

const ChainId kChain = {{9, 9, 9}};
const RecordFrame kFrame = {kChain.as<JobId>(), RunId{{1}}, "alice", "node-1", "shop"};

std::vector<RecordDraft> drafts(std::size_t count) {
  std::vector<RecordDraft> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({"step.completed", {{"step", std::to_string(i)}}, Millis(3)});
  return all;
}

JournalRow row_of(ChainHead& head, std::size_t count) {
  JournalRow row;
  row.chain = kChain;
  append_records(head, drafts(count), kFrame, from_unix_ms(1'000), row);
  return row;
}

TEST(Chain, ARecordNamesTheHashOfTheOneBeforeIt) {
  ChainHead head;
  JournalRow row;
  const std::vector<Digest> hashes = append_records(head, drafts(2), kFrame, from_unix_ms(1'000), row);

  const std::string first =
      R"({"action":"step.completed","actor":"alice","at":"1970-01-01T00:00:01.000Z","client_id":"shop",)"
      R"("details":{"step":"0"},"duration_ms":3,"job_id":"09090900-0000-0000-0000-000000000000","node":"node-1",)"
      R"("prev_hash":")" +
      std::string(64, '0') + R"(","run_id":"01000000-0000-0000-0000-000000000000","seq":1})";
  EXPECT_EQ(row.records.substr(0, row.records.find('\n')), first);
  EXPECT_EQ(hashes.at(0), sha256(std::string(32, '\0') + first));
  EXPECT_NE(row.records.find(R"("prev_hash":")" + to_hex(hashes[0]) + '"'), std::string::npos);
  EXPECT_EQ(head, (ChainHead{2, hashes.at(1)}));
  EXPECT_EQ(row.first_seq, 1u);
  EXPECT_EQ(row.count, 2u);
  EXPECT_EQ(row.records.back(), '\n');
}

TEST(Chain, ContinuesInTheSameRowAndInTheNext) {
  ChainHead head;
  JournalRow first = row_of(head, 1), second;
  append_records(head, drafts(2), kFrame, from_unix_ms(2), first);
  second.chain = kChain;
  append_records(head, drafts(1), kFrame, from_unix_ms(3), second);
  EXPECT_EQ(first.count, 3u);
  EXPECT_EQ(second.first_seq, 4u);
  ChainVerifier verifier;
  EXPECT_FALSE(verifier.add(first));
  EXPECT_FALSE(verifier.add(second));
  EXPECT_FALSE(verifier.finish(head));
}

TEST(Chain, AShardsHeadIsTheHashOfItsHeadAndTheRecordsHashes) {
  const Digest one = sha256("1"), two = sha256("2"), head = sha256("head");
  const auto text = [](const Digest& digest) { return std::string(as_view(digest)); };
  EXPECT_EQ(advance_shard(head, {one, two}), sha256(text(head) + text(one) + text(two)));
  EXPECT_EQ(advance_shard(head, {}), sha256(text(head)));
}

TEST(Chain, IsWholeAsItWasWritten) {
  rc::check([] {
    ChainHead head;
    ChainVerifier verifier;
    for (const auto count : *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(1, 6)))
      RC_ASSERT(!verifier.add(row_of(head, count)));
    RC_ASSERT(!verifier.finish(head));
  });
}

TEST(Chain, AnyByteThatIsChangedInItsRecordsIsFound) {
  rc::check([] {
    ChainHead head;
    std::vector<JournalRow> rows;
    const int count = *rc::gen::inRange(1, 5);
    for (int i = 0; i < count; ++i) rows.push_back(row_of(head, static_cast<std::size_t>(*rc::gen::inRange(1, 4))));
    std::string& records = rows[static_cast<std::size_t>(*rc::gen::inRange(0, count))].records;
    char& byte = records[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(records.size())))];
    byte = static_cast<char>(byte ^ *rc::gen::inRange(1, 256));

    ChainVerifier verifier;
    std::optional<ChainVerifier::Fault> fault;
    for (std::size_t i = 0; i < rows.size() && !fault; ++i) fault = verifier.add(rows[i]);
    if (!fault) fault = verifier.finish(head);
    RC_ASSERT(fault.has_value());
  });
}

}  // namespace
}  // namespace troupe
