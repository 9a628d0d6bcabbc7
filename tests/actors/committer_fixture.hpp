// A committer over the memory store, driven by plain calls, with waiters that note when and how they were answered.
#pragma once

#include <gtest/gtest.h>

#include "actors/bare_context.hpp"
#include "actors/faulty_writer.hpp"
#include "actors/persistence/committer.hpp"
#include "store_memory/memory_store.hpp"

namespace troupe::test {

/// Someone who wants a change to be durable.
struct Waiter {
  PersistPtr persist;
  JobId job;
  int answers = 0;
  Persisted answer;
  bool stored_when_answered = false;  ///< the store held at least the chain that the answer tells

  bool succeeded() const { return answers == 1 && answer.verdict == Persisted::Verdict::committed; }
  bool refused(ErrorCode code) const {
    return answers == 1 && answer.verdict == Persisted::Verdict::refused && answer.error.code == code;
  }
};
using WaiterPtr = std::shared_ptr<Waiter>;

class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest();
  /// Whatever a test did: the audit chains hold, and the count of waiting changes is right.
  void TearDown() override;

  /// A new job. `client_job_id` is the client's own, if it chose one.
  WaiterPtr accept(const std::string& client_job_id = "", Slot slot = 0);
  /// The next change of a job, after the last one that was committed. `opens`: it is still open afterwards.
  WaiterPtr update(const WaiterPtr& job, bool opens = true);

  /// As the persistence actor does it: what was left comes first.
  void commit(const std::vector<WaiterPtr>& waiters);
  void try_again() { commit({}); }
  std::size_t left() const { return left_.size(); }

  bool is_stored(const JobId& job) const;
  std::vector<std::string> open_jobs(ShardId shard = 0) const;
  ShardState shard(ShardId id) const;
  /// As at a start: takes the shards anew, and does not know yet which jobs are open.
  void restart();
  /// Another node takes the shard.
  void take_over(ShardId shard);
  Committer& committer() { return *committer_; }

  StoreScript script_;

 private:
  WaiterPtr waiter(const JobId& job, Slot slot);

  std::unique_ptr<Store> store_ = make_memory_store();
  std::shared_ptr<StoreReader> reader_ = *store_->reader(1);
  BareContext bare_{*reader_};
  IdFactory ids_{bare_.clock, bare_.random};

 protected:
  NodeHealth& health_ = bare_.health;

 private:
  std::unique_ptr<Committer> committer_;
  std::vector<PersistPtr> left_;
};

}  // namespace troupe::test
