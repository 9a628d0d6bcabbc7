// Moves the write-ahead log into the file beside the writer, so that no commit has to wait for all of it.
//
// SQLite's own way has the COMMIT that fills the log do it: every 4,000 pages one took 50 to 250 ms here. The log
// begins anew only when all of it has been moved, and behind a busy writer nobody can do that but the writer itself. So
// a thread moves most of it while commits go on, and has it on the disk; then the writer moves the little rest.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "store_sqlite/connection.hpp"

namespace troupe::store::sqlite {

class Checkpointer {
 public:
  /// Without a connection of its own (it could not be opened) the writer moves everything, as SQLite would.
  Checkpointer(const std::string& path, const SqliteOptions& options);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// By the writer, after each commit, on its connection.
  void committed(Connection& writer);

 private:
  bool may_work() const { return wanted_ && pages_ > moved_; }
  void work();

  std::unique_ptr<Connection> connection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool alone_ = true;             ///< the writer: there is no thread
  bool wanted_ = false;           ///< enough has come to be worth moving
  bool working_ = false;          ///< the thread is at it
  bool nearly_done_ = false;      ///< the writer moves the rest
  std::uint64_t generation_ = 0;  ///< of the log; the following are pages of it:
  int pages_ = 0;                 ///< after the last commit
  int moved_ = 0;                 ///< that the file has as well, as far as is known
  int looked_at_ = 0;             ///< there were when the thread was last woken
  int tried_at_ = 0;              ///< there were when the writer last tried to move all of it
  std::thread thread_;
};

}  // namespace troupe::store::sqlite
