// What every engine of the Store port promises. An engine's test file instantiates the suite with its factory.
#pragma once

#include <gtest/gtest.h>

#include "store/store_driver.hpp"

namespace troupe::test {

class StoreContract : public testing::TestWithParam<EngineFactory> {
 protected:
  StoreContract() : engine(GetParam().make()), driver(engine->store()) {}

  StoreReader& reader() { return driver.reader(); }
  /// Inserts jobs into the shard that their slots belong to (all must have the same).
  void given_jobs(const std::vector<JobRow>& jobs);
  void expect_committed(std::vector<Change> changes, ShardId shard = 0) {
    const CommitReply reply = driver.commit(std::move(changes), shard);
    EXPECT_EQ(reply.status, CommitStatus::committed) << reply.error.message;
  }
  void update(const JobRow& job, Status status) {
    Change change;
    change.update = make_update(job, status);
    if (status == Status::failed || status == Status::cancelled) change.notable = NotableRow{status, job.id};
    expect_committed({change}, static_cast<ShardId>(job.id.slot() % kShardCount));
  }
  std::vector<std::uint32_t> numbers_of(const Result<std::vector<JobRow>>& rows);
  /// Everything a reader can see, as text.
  std::string everything();

  std::unique_ptr<Engine> engine;
  StoreDriver driver;
};

inline Change inserting(const JobRow& job) {
  Change change;
  change.insert = job;
  return change;
}

/// With a record, as the change at this position of shard 0's first transaction.
inline Change journalled(const JobRow& job, std::uint32_t position) {
  Change change = inserting(job);
  change.journal = JournalRow{job.id.as<ChainId>(), 1, 1, "{\"records\":1}\n", 0, 1, position};
  return change;
}

inline std::string name_of(const testing::TestParamInfo<EngineFactory>& info) { return info.param.name; }

}  // namespace troupe::test
