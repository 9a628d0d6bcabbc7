// How a journal row's records stand in the database. What was written once must be read for ever.
#include "store_sql/journal_bytes.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crypto/hash.hpp"
#include "store_sql/journal_dictionary.hpp"

namespace troupe::test {
namespace {

using store::kPackedRecordsMax;
using store::kUnreadableRecords;
using store::pack_records;
using store::unpack_records;

const std::string kAccepted =
    R"({"action":"job.accepted","actor":"shop","at":"2027-03-05T07:08:09.123Z","client_id":"shop","details":{"deadline")"
    R"(:"2027-03-05T07:13:09.121Z","inputs":{"bytes":187,"sha256":"5d1be7e9dda1ee8896be5b7e34a85ee16452a7b6d6f4f7e2c5a9)"
    R"(0c8d3b1f4e6a"},"next":[{"step":"render"}],"number":1,"priority":5,"timeout_seconds":300,"workflow":"poster","wor)"
    R"(kflow_version":3},"job_id":"01a3bc99-0f2d-7000-8e1b-95d27c4fa000","node":"node-1","prev_hash":"0000000000000000000)"
    R"(000000000000000000000000000000000000000000000","run_id":"01a3bc99-0f2d-7000-8e1b-95d27c4fa000","seq":1})"
    "\n";

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::string hex_of(std::string_view bytes) {
  return to_hex(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

/// What nothing makes smaller.
std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Every database and backup since schema version 5 needs the dictionary as it is. If this fails, do not put the new
// figure here: a better dictionary is dictionary 2, with a first byte of its own.
TEST(JournalBytes, DictionaryOneNeverChanges) {
  EXPECT_EQ(to_hex(sha256(store::journal_dictionary())),
            "a59988d10e9b9850c70dbb94b5c1c956d933e89b5cf256aa4af45107ad0fadc1");
}

TEST(JournalBytes, WhatTheFirstPackingVersionWroteIsReadForEver) {
  EXPECT_EQ(unpack_records(bytes_of(
                "01602a016d040043881468505be5b9f89884ec57b633e7a8a44849a820f2c6085b3ad8086ab60d93ae577710ab64deb6f5ea"
                "e428791b19e347abcc13b3d4e79f31446b1de62ce1627f44454d9c9c5bfe16bf1c7c46cff81b2252a0421afc7092790b48c5"
                "d2c3be0b173f9226a80d2b136c800c5ca1bac59c55874d01374d6dd563e7b05f410caad95b565c48256a0ecfb03f5833")),
            kAccepted);
}

TEST(JournalBytes, WhatWasStoredBeforePackingIsReadAsItIs) {
  EXPECT_EQ(unpack_records(kAccepted), kAccepted);
  EXPECT_EQ(unpack_records(""), "");
}

TEST(JournalBytes, WhatIsPackedIsUnpackedTheSame) {
  std::string many;
  while (many.size() < 100'000) many += kAccepted;
  for (const std::string& records :
       {kAccepted, kAccepted + kAccepted, many, std::string(kPackedRecordsMax, '{'), std::string("{}\n"), std::string(),
        "{\"text\":\"\u00e4\u2028\U0001f600\"}\n" + kAccepted, "{" + noise(2'000)}) {
    const std::string stored(pack_records(records));
    EXPECT_LE(stored.size(), records.size());
    EXPECT_TRUE(unpack_records(stored) == records) << records.size();
  }
}

TEST(JournalBytes, ARecordTakesAThirdOfItsText) {
  const std::string stored(pack_records(kAccepted));
  EXPECT_EQ(stored.front(), '\x01');
  EXPECT_LT(stored.size() * 3, kAccepted.size());
}

TEST(JournalBytes, WhatDoesNotGetSmallerIsStoredAsItIs) {
  for (const std::string& records : {std::string("{}\n"), std::string(), "{" + noise(500)})
    EXPECT_EQ(pack_records(records), records);
}

TEST(JournalBytes, WhatIsTooLongToBeUnpackedIsNotPacked) {
  const std::string longest(kPackedRecordsMax, '{'), longer(kPackedRecordsMax + 1, '{');
  EXPECT_LT(pack_records(longest).size(), 1'000u);
  EXPECT_TRUE(pack_records(longer) == longer);
}

// A chain verification looks at the text: it must get the text that was written, another one, or what says that there
// is none. A few bits mean nothing: reserved ones, and what lies behind the last sequence (RFC 8878).
TEST(JournalBytes, AFlippedBitGivesOtherRecordsOrMeansNothing) {
  const std::string stored(pack_records(kAccepted));
  std::size_t same = 0, other = 0, unreadable = 0;
  for (std::size_t bit = 0; bit < stored.size() * 8; ++bit) {
    std::string damaged = stored;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const std::string read = unpack_records(damaged);
    EXPECT_LE(read.size(), kPackedRecordsMax);
    ++(read == kAccepted ? same : read == kUnreadableRecords ? unreadable : other);
  }
  EXPECT_LE(same, 10u);
  EXPECT_GT(other, 100u);
  EXPECT_GT(unreadable, 100u);
}

TEST(JournalBytes, WhatIsCutOrContinuedIsUnreadable) {
  const std::string stored(pack_records(kAccepted));
  for (std::size_t size = 1; size < stored.size(); ++size)
    EXPECT_EQ(unpack_records(stored.substr(0, size)), kUnreadableRecords) << size;
  EXPECT_EQ(unpack_records(stored + '\0'), kUnreadableRecords);
  EXPECT_EQ(unpack_records(stored + stored), kUnreadableRecords);
}

TEST(JournalBytes, NoiseIsUnreadable) {
  std::mt19937 random(2);
  for (int round = 0; round < 5'000; ++round) {
    std::string stored(1 + random() % 200, '\x01');
    for (std::size_t i = 1; i < stored.size(); ++i) stored[i] = static_cast<char>(random());
    EXPECT_LE(unpack_records(stored).size(), kPackedRecordsMax) << hex_of(stored);
  }
  EXPECT_EQ(unpack_records("\x01"), kUnreadableRecords);
  EXPECT_EQ(unpack_records("\x02{}\n"), kUnreadableRecords);
}

// The size stands in the frame: 2^40, 1 MiB + 1, and none at all.
TEST(JournalBytes, AFrameThatPromisesTooMuchIsUnreadable) {
  for (const char* header : {"01e00000000000010000", "01a001001000", "01000001"})
    EXPECT_EQ(unpack_records(bytes_of(header) + std::string("\x01\0\0", 3)), kUnreadableRecords) << header;
}

}  // namespace
}  // namespace troupe::test
