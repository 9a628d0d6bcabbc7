// One writer in a loop, with rows made beforehand: as fast as the store can be written. Jobs are accepted in one commit
// and ended in another, each with its journal row.
#pragma once

#include <memory>
#include <vector>

#include "bench_store/job_rows.hpp"
#include "troupe/base/assert.hpp"
#include "troupe/base/clock.hpp"

namespace troupe::bench {

class RawLoop {
 public:
  RawLoop(Store& store, ShardId shard) : writer_(store.writer().value()) {
    shard_ = writer_->acquire({shard}, "bench").value().front();
  }

  /// One commit.
  std::vector<JobRow> accept(std::size_t count) {
    Commit commit = begin();
    std::vector<JobRow> jobs;
    for (std::size_t i = 0; i < count; ++i) {
      JobRow job = make_job(ids_.make<JobId>(Slot{shard_.shard}), i);
      Change& change = commit.changes.emplace_back();
      change.insert = job;
      change.journal = journal(job, 1, 1, accepted_records(job, digits_), i);
      jobs.push_back(std::move(job));
    }
    write(commit);
    return jobs;
  }

  /// One commit.
  void end(const std::vector<JobRow>& jobs) {
    Commit commit = begin();
    for (const JobRow& job : jobs) {
      Change& change = commit.changes.emplace_back();
      change.update = make_end(job);
      change.journal = journal(job, 2, 2, ended_records(job, digits_), commit.changes.size() - 1);
    }
    write(commit);
  }

 private:
  Commit begin() const {
    return {
        {{shard_.shard, shard_.epoch, shard_.seq, shard_.head, shard_.low_water, shard_.chain_seq, shard_.chain_head}},
        {}};
  }
  JournalRow journal(const JobRow& job, std::uint64_t first_seq, std::uint32_t count, std::string records,
                     std::size_t position) const {
    return {job.id.as<ChainId>(),
            first_seq,
            count,
            std::move(records),
            shard_.shard,
            shard_.seq + 1,
            static_cast<std::uint32_t>(position)};
  }
  void write(const Commit& commit) {
    const CommitReply reply = writer_->commit(commit);
    TROUPE_ASSERT(reply.status == CommitStatus::committed, reply.error.message.c_str());
    ++shard_.seq;
  }

  SystemClock clock_;
  SystemRandom random_;
  IdFactory ids_{clock_, random_};
  Digits digits_;
  std::unique_ptr<StoreWriter> writer_;
  ShardState shard_;
};

}  // namespace troupe::bench
