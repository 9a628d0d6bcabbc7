#include "codec/record_reader.hpp"

#include <gmock/gmock.h>

#include <string>

namespace troupe {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr const char* kRecord =
    R"({"action":"step.failed","actor":"node","at":"2026-11-21T02:00:00.000Z","client_id":"a\"b",)"
    R"("details":{"attempt":2,"error":{"code":"timeout","list":[1,{"x":"}]"}]},"none":null,"sure":true,"text":"q\"\u0001é"},)"
    R"("duration_ms":12,"prev_hash":"00","run_id":"run","seq":18446744073709551615})";

TEST(RecordReader, GivesDetailsAsTheyStand) {
  RecordReader reader;
  const RecordView* record = reader.read(kRecord);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->seq, UINT64_MAX);
  EXPECT_EQ(record->action, "step.failed");
  EXPECT_EQ(record->at, "2026-11-21T02:00:00.000Z");
  EXPECT_EQ(record->run_id, "run");
  EXPECT_THAT(record->details,
              ElementsAre(Pair("attempt", "2"), Pair("error", R"({"code":"timeout","list":[1,{"x":"}]"}]})"),
                          Pair("none", "null"), Pair("sure", "true"), Pair("text", R"("q\"\u0001é")")));
}

TEST(RecordReader, TakesNothingOverFromTheRecordBefore) {
  RecordReader reader;
  ASSERT_NE(reader.read(kRecord), nullptr);
  const RecordView* record = reader.read(R"({"action":"key.added","seq":1})");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->run_id, "");
  EXPECT_EQ(record->at, "");
  EXPECT_THAT(record->details, ElementsAre());
}

TEST(RecordReader, RefusesWhatIsNoRecord) {
  RecordReader reader;
  const std::string whole = kRecord;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_EQ(reader.read(whole.substr(0, bytes)), nullptr) << bytes;
  for (const char* text : {"[]", "7", "{}", R"({"action":"x"})", R"({"seq":1})", R"({"action":1,"seq":1})",
                           R"({"action":"x","seq":-1})", R"({"action":"x","details":[],"seq":1})",
                           R"({"action":"x","details":{"a":},"seq":1})", "{\"action\":\"\xff\",\"seq\":1}"})
    EXPECT_EQ(reader.read(text), nullptr) << text;
  EXPECT_NE(reader.read(whole), nullptr) << "a damaged record spoils none after it";
}

}  // namespace
}  // namespace troupe
