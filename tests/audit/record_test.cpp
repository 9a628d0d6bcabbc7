#include "audit/record.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

std::string written(const RecordFrame& frame, const RecordDraft& draft) {
  std::string out;
  RecordWriter(frame, from_unix_ms(0)).write(out, draft, 7, Digest{});
  return out;
}

TEST(Record, IsCanonicalWhateverItsNamesAndDetailsHold) {
  const std::vector<RecordFrame> frames = {
      {JobId{{1}}, RunId{{2}}, "alice", "node-1", "shop"},
      {{}, {}, "", "", ""},
      {JobId{{1}}, {}, "quo\"te\\ \n", "\xc3\xa9", "tab\t"},
  };
  for (const RecordFrame& frame : frames) {
    const std::string record = written(frame, {"a.b", {{"z", 1}, {"a", {{"deep", "\x01"}}}}, Millis(5)});
    const auto value = parse_json(record);
    ASSERT_TRUE(value.ok()) << record;
    EXPECT_EQ(canonical_json(*value), record);
    EXPECT_EQ(value->at("actor"), frame.actor);
    EXPECT_EQ(value->at("node"), frame.node);
    EXPECT_EQ(value->contains("job_id"), frame.job.has_value());
    EXPECT_EQ(value->contains("run_id"), frame.run.has_value());
  }
}

TEST(Record, HoldsUtf8WhateverAProgramPrinted) {
  const std::string record = written({{}, {}, "\xff", "n", ""}, {"a", {{"error", "cut \xe2\x82"}}, {}});
  const auto value = parse_json(record);
  ASSERT_TRUE(value.ok()) << record;
  EXPECT_EQ(value->at("actor"), "\xef\xbf\xbd");
  EXPECT_EQ(value->at("details").at("error").get<std::string>().substr(0, 7), "cut \xef\xbf\xbd");
}

TEST(Record, IsReadBackAsALink) {
  const auto link = read_link(written({JobId{{1}}, {}, "a", "n", "c"}, {"x", Json::object(), {}}));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->seq, 7u);
  EXPECT_EQ(link->prev_hash, Digest{});
  EXPECT_EQ(link->job, (ChainId{{1}}));
}

TEST(Record, IsNoneWithoutWhatAChainNeeds) {
  const std::string zeros(64, '0');
  const std::vector<std::string> texts = {
      "",
      "[]",
      "{}",
      R"({"seq":1})",
      R"({"prev_hash":"0","seq":1})",
      R"({"prev_hash":")" + zeros + R"("})",
      R"({"prev_hash":")" + zeros + R"(","seq":-1})",
      R"({"job_id":"x","prev_hash":")" + zeros + R"(","seq":1})",
      R"({"job_id":1,"prev_hash":")" + zeros + R"(","seq":1})",
  };
  for (const std::string& text : texts) EXPECT_FALSE(read_link(text)) << text;
}

TEST(ShownRecord, BearsItsHash) {
  const std::string stored = written({JobId{{1}}, {}, "a", "n", "c"}, {"x", Json::object(), {}});
  auto shown = *parse_json(shown_record(stored));
  EXPECT_EQ(shown.at("hash"), to_hex(record_hash(Digest{}, stored)));
  shown.erase("hash");
  EXPECT_EQ(canonical_json(shown), stored);
}

TEST(ShownRecord, IsShownAsItIsWhenDamaged) { EXPECT_EQ(shown_record("{\"seq\":"), "{\"seq\":"); }

}  // namespace
}  // namespace troupe
