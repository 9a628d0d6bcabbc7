// Moves the write-ahead log into the file beside the writer, so that no commit has to wait for all of it.
//
// SQLite's own way has the COMMIT that fills the log do it: every 4,000 pages one took 50 to 250 ms here. The log
// begins anew only when all of it has been moved, and behind a busy writer nobody can do that but the writer itself. So
// a thread moves most of it while commits go on, and has it on the disk; then the writer moves the little rest.
#pragma once

#include <condition_variable>
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
  void work();

  std::unique_ptr<Connection> connection_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool wanted_ = false;       ///< enough has come to be worth moving
  bool nearly_done_ = false;  ///< the writer moves the rest
  int pages_ = 0;             ///< of the log, after the last commit; the following, likewise:
  int looked_at_ = 0;         ///< when the thread was last woken
  int tried_at_ = 0;          ///< when the writer last tried to move all of it
  std::thread thread_;
};

}  // namespace troupe::store::sqlite
