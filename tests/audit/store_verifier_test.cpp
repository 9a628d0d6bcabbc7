#include <gtest/gtest.h>

#include "fake_store.hpp"

namespace troupe {
namespace {

/// Two shards. Job 1: one row of 3 records and three of 1 (seq 1 to 6). Job 2: two of 2. Job 3, on shard 2, one of 1.
/// Transactions of shard 0: 1 (jobs 1 and 2), 2 (none), 3 (job 1), 4 (job 2), 5 (its own), 6 and 7 (job 1).
FakeStore written_store() {
  FakeStore store;
  store.commit(0, {{1, 3}, {2, 2}});
  store.commit(0, {});
  store.commit(0, {{1, 1}});
  store.commit(0, {{2, 2}});
  store.commit_own(0);
  store.commit(0, {{1, 1}});
  store.commit(0, {{1, 1}});
  store.commit(2, {{3, 1}});
  return store;
}

std::vector<std::string> lines_of(const JournalRow& row) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < row.records.size(); at = row.records.find('\n', at) + 1)
    lines.push_back(row.records.substr(at, row.records.find('\n', at) + 1 - at));
  return lines;
}
void set_lines(JournalRow& row, const std::vector<std::string>& lines) {
  row.records.clear();
  for (const std::string& line : lines) row.records += line;
}
void edit(std::string& text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
}
void edit_prev_hash(std::string& text) {
  char& digit = text[text.find("\"prev_hash\":\"") + 13];
  digit = digit == '0' ? '1' : '0';
}

const std::string kJob1 = to_string(FakeStore::job_id(1));
const std::string kJob2 = to_string(FakeStore::job_id(2));
const std::string kShard0 = to_string(shard_chain(0));

struct EditedRow {
  const char* rule;
  void (*tamper)(FakeStore&);
  std::string chain;
  std::uint64_t seq;
  const char* fault;  ///< contained
};

const std::vector<EditedRow> kEditedRows = {
    {"an edited record", [](FakeStore& s) { edit(s.row_of(1, 1).records, "\"s1\"", "\"xx\""); }, kJob1, 2,
     "was changed"},
    {"an edited first record", [](FakeStore& s) { edit(s.row_of(1, 1).records, "\"s0\"", "\"xx\""); }, kJob1, 1,
     "was changed"},
    {"an edited record before the last", [](FakeStore& s) { edit(s.row_of(1, 5).records, "node", "ghost"); }, kJob1, 5,
     "was changed"},
    {"an edited last record", [](FakeStore& s) { edit(s.row_of(1, 6).records, "node", "ghost"); }, kJob1, 6,
     "was changed"},
    {"an edited prev_hash", [](FakeStore& s) { edit_prev_hash(s.row_of(1, 4).records); }, kJob1, 4, "was changed"},
    {"an edited first prev_hash", [](FakeStore& s) { edit_prev_hash(s.row_of(1, 1).records); }, kJob1, 1,
     "was changed"},
    {"an edited last prev_hash", [](FakeStore& s) { edit_prev_hash(s.row_of(1, 6).records); }, kJob1, 6, "was changed"},
    {"a record that is none", [](FakeStore& s) { s.row_of(1, 4).records = "gone\n"; }, kJob1, 4, "cannot be read"},
    {"a record without its line end", [](FakeStore& s) { s.row_of(1, 4).records.pop_back(); }, kJob1, 4,
     "does not end"},
    {"a row dropped in the middle", [](FakeStore& s) { s.remove_row_of(1, 4); }, kJob1, 4, "is missing"},
    {"a row dropped at the start", [](FakeStore& s) { s.remove_row_of(1, 1); }, kJob1, 1, "is missing"},
    {"a record dropped within its row",
     [](FakeStore& s) {
       JournalRow& row = s.row_of(1, 1);
       set_lines(row, {lines_of(row)[0], lines_of(row)[2]});
     },
     kJob1, 2, "seq 3 stands in its place"},
    {"a record dropped at the end of its row",
     [](FakeStore& s) {
       JournalRow& row = s.row_of(1, 1);
       set_lines(row, {lines_of(row)[0], lines_of(row)[1]});
     },
     kJob1, 3, "should hold 3 records and holds 2"},
    {"a seq gap that the row's own numbers hide",
     [](FakeStore& s) {
       s.remove_row_of(1, 4);
       s.row_of(1, 5).first_seq = 4;
     },
     kJob1, 4, "seq 5 stands in its place"},
    {"a dropped tail", [](FakeStore& s) { s.remove_row_of(1, 6); }, kJob1, 6, "from here to 6 are missing"},
    {"all of a chain dropped", [](FakeStore& s) { s.remove_journal(FakeStore::job_id(1).as<ChainId>()); }, kJob1, 1,
     "from here to 6 are missing"},
    {"a row written twice",
     [](FakeStore& s) {
       s.journal_rows().push_back(s.row_of(1, 1));
       s.journal_rows().back().first_seq = 2;
     },
     kJob1, 2, "there twice"},
    {"reordered records",
     [](FakeStore& s) {
       JournalRow& row = s.row_of(1, 1);
       set_lines(row, {lines_of(row)[0], lines_of(row)[2], lines_of(row)[1]});
     },
     kJob1, 2, "seq 3 stands in its place"},
    {"reordered records with their numbers exchanged",
     [](FakeStore& s) {
       JournalRow& row = s.row_of(1, 1);
       auto lines = lines_of(row);
       edit(lines[1], "\"seq\":2", "\"seq\":3");
       edit(lines[2], "\"seq\":3", "\"seq\":2");
       set_lines(row, {lines[0], lines[2], lines[1]});
     },
     kJob1, 2, "was changed"},
    {"a record moved from another job",
     [](FakeStore& s) { s.row_of(2, 3).records = lines_of(s.row_of(1, 1))[2] + lines_of(s.row_of(1, 4))[0]; }, kJob2, 3,
     "belongs to another chain"},
    {"an edited head in the job's row", [](FakeStore& s) { s.job_row(1).head[5] ^= 1; }, kJob1, 6, "the head"},
    {"an edited last_seq in the job's row", [](FakeStore& s) { s.job_row(1).last_seq = 5; }, kJob1, 6,
     "should have ended before"},
    {"an edited record of the shard's own chain",
     [](FakeStore& s) {
       for (JournalRow& row : s.journal_rows())
         if (row.chain == shard_chain(0)) edit(row.records, "node", "ghost");
     },
     kShard0, 1, "was changed"},
    {"a dropped record of the shard's own chain", [](FakeStore& s) { s.remove_journal(shard_chain(0)); }, kShard0, 1,
     "are missing"},
    {"a removed job row", [](FakeStore& s) { s.remove_job_row(2); }, kJob2, 1, "was removed"},
    {"a removed job",
     [](FakeStore& s) {
       s.remove_job_row(2);
       s.remove_journal(FakeStore::job_id(2).as<ChainId>());
     },
     kShard0, 0, "transactions 1 to 7 does not match"},
    {"a removed job that came first in its transaction",
     [](FakeStore& s) {
       s.remove_job_row(1);
       s.remove_journal(FakeStore::job_id(1).as<ChainId>());
     },
     kShard0, 0, "the first with a gap is transaction 1"},
    {"a tail dropped together with the job's row",
     [](FakeStore& s) {
       s.job_row(1).last_seq = 5;
       s.remove_row_of(1, 6);
       ChainVerifier verifier;
       for (const std::uint64_t seq : {1u, 4u, 5u}) verifier.add(s.row_of(1, seq));
       s.job_row(1).head = verifier.head().hash;
     },
     kShard0, 0, "does not match"},
    {"an edited shard head", [](FakeStore& s) { s.shard_state(0).head[0] ^= 1; }, kShard0, 0, "does not match"},
    {"rows exchanged within a transaction",
     [](FakeStore& s) { std::swap(s.row_of(1, 1).position, s.row_of(2, 1).position); }, kShard0, 0, "does not match"},
    {"an edited transaction number", [](FakeStore& s) { s.row_of(1, 5).transaction = 2; }, kShard0, 0,
     "does not match"},
    {"an absurd shard seq", [](FakeStore& s) { s.shard_state(0).seq = 1ull << 60; }, kShard0, 0,
     "nothing is recorded of the transactions from 8 on"},
};

TEST(VerifyStore, FindsEveryKindOfTamperingAndNamesTheFirstBadRecord) {
  for (const EditedRow& row : kEditedRows) {
    FakeStore store = written_store();
    row.tamper(store);
    const auto report = verify_store(store);
    ASSERT_TRUE(report.ok()) << row.rule;
    EXPECT_FALSE(report->whole) << row.rule;
    EXPECT_EQ(report->chain, row.chain) << row.rule << ": " << report->fault;
    EXPECT_EQ(report->seq, row.seq) << row.rule << ": " << report->fault;
    EXPECT_NE(report->fault.find(row.fault), std::string::npos) << row.rule << ": " << report->fault;
  }
}

TEST(VerifyStore, CountsWhatItFoundWhole) {
  FakeStore store = written_store();
  const auto report = verify_store(store);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole) << report->chain << " " << report->seq << " " << report->fault;
  EXPECT_EQ(report->chains, 3u + 2u);  // the shards' own too, of which one is empty
  EXPECT_EQ(report->records, 6u + 4u + 1u + 1u);
}

TEST(VerifyStore, FindsAnEmptyStoreWhole) {
  FakeStore store;
  const auto report = verify_store(store);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole);
}

TEST(VerifyStore, ReadsLongChainsPageByPage) {
  FakeStore store;
  for (int i = 0; i < 1'300; ++i) store.commit(0, {{1, 1}, {2, 1}});
  auto report = verify_store(store);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole) << report->fault;
  EXPECT_EQ(report->records, 2'600u);
  EXPECT_LE(store.longest_page(), 500u);

  edit(store.row_of(2, 1'007).records, "node", "ghost");
  report = verify_store(store);
  EXPECT_EQ(report->seq, 1'007u);
}

TEST(VerifyStore, DoesNotMistakeAWriterForAFault) {
  FakeStore store = written_store();
  store.on_journal = [&] { store.commit(2, {{3, 2}}); };  // between the read of a job's row and of its journal
  const auto report = verify_store(store);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole) << report->chain << " " << report->fault;
}

TEST(VerifyJob, ChecksOneChain) {
  FakeStore store = written_store();
  edit(store.row_of(2, 3).records, "node", "ghost");
  EXPECT_TRUE(verify_job(store, FakeStore::job_id(1))->whole);
  EXPECT_EQ(verify_job(store, FakeStore::job_id(1))->records, 6u);
  const auto report = verify_job(store, FakeStore::job_id(2));
  EXPECT_FALSE(report->whole);
  EXPECT_EQ(report->seq, 3u);
}

TEST(VerifyJob, FailsForAJobThatIsNotThere) {
  FakeStore store = written_store();
  const auto report = verify_job(store, FakeStore::job_id(77));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace troupe
