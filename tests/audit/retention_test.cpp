// What retention removes leaves the trail whole; what anybody else removes does not.
#include "audit/retention.hpp"

#include <gtest/gtest.h>

#include "fake_store.hpp"

namespace troupe {
namespace {

/// Jobs 1 to 4 in shard 0, of which 1 and 2 were removed. Transactions: 1 (jobs 1, 2 and 3), 2 (its own), 3 (job 1), 4
/// (jobs 2 and 4), 5 (job 1 removed), 6 (job 2 removed).
FakeStore swept_store() {
  FakeStore store;
  store.commit(0, {{1, 2}, {2, 1}, {3, 1}});
  store.commit_own(0);
  store.commit(0, {{1, 3}});
  store.commit(0, {{2, 2}, {4, 1}});
  store.remove(0, 1);
  store.remove(0, 2);
  return store;
}
/// The same, with a checkpoint after transaction 3, then job 3 removed and job 5 accepted.
FakeStore checked_store() {
  FakeStore store = swept_store();
  store.checkpoint(0, 3);
  store.remove(0, 3);
  store.commit(0, {{5, 1}});
  return store;
}

VerifyReport verified(FakeStore& store) {
  const auto report = verify_store(store);
  EXPECT_TRUE(report.ok());
  return *report;
}

TEST(Retention, AJobThatWasRemovedLeavesTheTrailWhole) {
  FakeStore store = swept_store();
  const VerifyReport report = verified(store);
  EXPECT_TRUE(report.whole) << report.chain << ": " << report.fault;
  EXPECT_EQ(report.chains, 3u) << "two jobs, and the shard's own";
  EXPECT_FALSE(store.stubs().empty());
}

TEST(Retention, ACheckpointMakesStubsAndTombstonesBeforeItSuperfluous) {
  FakeStore store = swept_store();
  const auto rows = store.journal_rows().size();
  store.checkpoint(0, 6);
  EXPECT_TRUE(store.stubs().empty());
  EXPECT_EQ(store.journal_rows().size(), rows - 2 + 1) << "without two tombstones, with the checkpoint";
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
}

TEST(Retention, StubsAfterACheckpointStay) {
  FakeStore store = swept_store();
  store.checkpoint(0, 3);
  ASSERT_EQ(store.stubs().size(), 1u);  // of job 2, transaction 4
  EXPECT_EQ(store.stubs().front().transaction, 4u);
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
}

TEST(Retention, WhatACheckpointLeftMayBeRemovedLater) {
  FakeStore store = checked_store();
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
}

TEST(Retention, CheckpointsFollowOneAnother) {
  FakeStore store = checked_store();
  store.checkpoint(0, 7);
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
  store.remove(0, 4);
  store.remove(0, 5);
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
  store.checkpoint(0, store.shard_state(0).seq);
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
  EXPECT_TRUE(store.stubs().empty());
  EXPECT_EQ(store.journal_rows().size(), 2u) << "what the shard was told by others, and the newest checkpoint";
  store.checkpoint(0, store.shard_state(0).seq - 1);
  EXPECT_TRUE(verified(store).whole) << "a checkpoint that leaves nothing new behind: " << verified(store).fault;
}

TEST(Retention, ACheckpointIsNotMadeOfATrailThatIsNotWhole) {
  FakeStore store = swept_store();
  store.stubs().front().hashes.front()[0] ^= 1;
  const auto plan = plan_checkpoint(store, store.shard_state(0), 3, [] { return false; });
  ASSERT_TRUE(plan.ok());
  EXPECT_NE(plan->fault, "");
}

TEST(Retention, AJobWhoseTrailIsNotWholeHasNoStubs) {
  FakeStore store = swept_store();
  store.row_of(4, 1).records.replace(store.row_of(4, 1).records.find("\"s0\""), 4, "\"xx\"");
  const auto made = make_stubs(store, store.job_row(4));
  ASSERT_TRUE(made.ok());
  EXPECT_NE(made->fault, "");
}

struct Tampering {
  const char* rule;
  FakeStore (*store)();
  void (*tamper)(FakeStore&);
  const char* fault;  ///< contained
};
void PrintTo(const Tampering& tampering, std::ostream* out) { *out << tampering.rule; }

/// The job's rows become stubs, as if retention had removed it: without a record.
void remove_unseen(FakeStore& store, int number) {
  const JobRow job = store.job_row(number);
  auto made = make_stubs(store, job);
  store.remove_journal(job.id.as<ChainId>());
  store.remove_job_row(number);
  for (JournalStub& stub : made->stubs) {
    stub.removed = store.shard_state(0).seq;
    store.stubs().push_back(stub);
  }
}
JournalRow& own_row_with(FakeStore& store, const std::string& text) {
  for (JournalRow& row : store.journal_rows())
    if (row.chain == shard_chain(0) && row.records.find(text) != std::string::npos) return row;
  throw std::out_of_range("no such record");
}

const std::vector<Tampering> kTamperings = {
    {"a stub was dropped", swept_store, [](FakeStore& s) { s.stubs().erase(s.stubs().begin()); }, "missing"},
    {"the last stub of a job was dropped", swept_store, [](FakeStore& s) { s.stubs().pop_back(); },
     "is not what its removal names"},
    {"all stubs of a job were dropped", swept_store,
     [](FakeStore& s) {
       std::erase_if(s.stubs(), [](auto& stub) { return stub.chain == FakeStore::job_id(1).as<ChainId>(); });
     },
     "does not match"},
    {"a hash in a stub was changed", swept_store, [](FakeStore& s) { s.stubs().front().hashes.front()[0] ^= 1; },
     "does not match"},
    {"a job was removed without a record", swept_store, [](FakeStore& s) { remove_unseen(s, 4); },
     "no record of retention says so"},
    {"a job was removed without a record, and its stubs claim to be of later", swept_store,
     [](FakeStore& s) {
       remove_unseen(s, 4);
       s.stubs().back().removed = s.shard_state(0).seq + 100;
     },
     "were removed"},
    {"a removal's record was changed", swept_store,
     [](FakeStore& s) {
       std::string& text = own_row_with(s, "retention.removed").records;
       text.replace(text.find("\"last_seq\":5"), 12, "\"last_seq\":4");
     },
     ""},
    {"the checkpoint's row was changed", checked_store, [](FakeStore& s) { s.checkpoint_of(0).head[0] ^= 1; },
     "checkpoint"},
    {"the checkpoint's row was removed", checked_store, [](FakeStore& s) { s.checkpoint_of(0) = {}; }, ""},
    {"the checkpoint was moved", checked_store, [](FakeStore& s) { ++s.checkpoint_of(0).transaction; }, ""},
    {"the checkpoint's record was removed", checked_store,
     [](FakeStore& s) {
       const JournalRow& row = own_row_with(s, "retention.checkpoint");
       s.journal_rows().erase(s.journal_rows().begin() + (&row - s.journal_rows().data()));
     },
     "missing"},
    {"a record that the checkpoint kept was dropped", checked_store,
     [](FakeStore& s) {
       const JournalRow& row = own_row_with(s, "step.completed");
       s.journal_rows().erase(s.journal_rows().begin() + (&row - s.journal_rows().data()));
     },
     "some are missing"},
    {"a stub of what the checkpoint kept was dropped", checked_store,
     [](FakeStore& s) {
       std::erase_if(s.stubs(), [](auto& stub) { return stub.chain == FakeStore::job_id(3).as<ChainId>(); });
     },
     "some are missing"},
    {"a tombstone was added before the checkpoint", checked_store,
     [](FakeStore& s) {
       JournalRow row = own_row_with(s, "retention.removed");
       row.first_seq = 0;
       row.transaction = 2;
       row.position = 7;
       s.journal_rows().push_back(row);
     },
     "something was added"},
    {"a line was added to a record that the checkpoint kept", checked_store,
     [](FakeStore& s) { own_row_with(s, "step.completed").records += "{}\n"; }, "other than the records"},
    {"a job that the checkpoint kept was removed without a record", checked_store,
     [](FakeStore& s) {
       s.checkpoint(0, 6);
       s.commit(0, {{6, 1}});
       remove_unseen(s, 4);
       s.stubs().back().removed = s.shard_state(0).seq;
     },
     "no record of retention says so"},
};

class TamperedRetention : public testing::TestWithParam<Tampering> {};

TEST_P(TamperedRetention, IsFound) {
  FakeStore store = GetParam().store();
  ASSERT_TRUE(verified(store).whole) << verified(store).fault;
  GetParam().tamper(store);
  const VerifyReport report = verified(store);
  EXPECT_FALSE(report.whole);
  EXPECT_NE(report.fault.find(GetParam().fault), std::string::npos) << report.chain << ": " << report.fault;
}

INSTANTIATE_TEST_SUITE_P(All, TamperedRetention, testing::ValuesIn(kTamperings));

TEST(Retention, AVerificationIsNotMisledByARemovalBesideIt) {
  FakeStore store = swept_store();
  store.on_journal = [&] { store.remove(0, 4); };  // once the job's row was read
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
}

TEST(Retention, AVerificationIsNotMisledByACheckpointBesideIt) {
  FakeStore store = swept_store();
  store.on_journal = [&] {
    store.checkpoint(0, 6);
    store.on_journal = [] {};
  };
  EXPECT_TRUE(verified(store).whole) << verified(store).fault;
}

}  // namespace
}  // namespace troupe
