// A StoreWriter over a real one, whose commits fail as a test has it. What it was asked to commit is kept.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe::test {

/// What becomes of a commit.
enum class Fate {
  goes_through,
  unavailable,     ///< the connection breaks before COMMIT: nothing is written
  full,            ///< the disk is full: nothing is written
  unknown_landed,  ///< the connection breaks after COMMIT, and it was written
  unknown_lost,    ///< likewise, and it was not
};

/// The test's side; shared with the writers, and outlives them. Thread-safe.
class StoreScript {
 public:
  /// The next commits, one fate each; after that, everything goes through.
  void next_commits(std::vector<Fate> fates);
  /// Every commit from now on, until it is told otherwise.
  void all_commits(Fate fate);
  /// The database refuses every commit with a row of this job.
  void refuse(const JobId& job);
  void refuse_none();
  void acquire_fails(bool fails);

  /// The number of changes of each commit that was tried, and of each that was written.
  std::vector<std::size_t> tried() const;
  std::vector<std::size_t> written() const;
  /// How often shards were taken.
  int acquired() const;

 private:
  friend class FaultyWriter;

  mutable std::mutex mutex_;
  std::deque<Fate> next_;
  Fate then_ = Fate::goes_through;
  std::set<JobId> refused_;
  bool acquire_fails_ = false;
  int acquired_ = 0;
  std::vector<std::size_t> tried_, written_;
};

std::unique_ptr<StoreWriter> make_faulty_writer(std::unique_ptr<StoreWriter> inner, StoreScript& script);

}  // namespace troupe::test
