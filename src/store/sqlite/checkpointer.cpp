#include "store_sqlite/checkpointer.hpp"

#include <utility>

namespace troupe::store::sqlite {
namespace {

constexpr int kPass = 1'000;         // pages that are worth a look
constexpr int kFull = 4'000;         // pages of a log that shall begin anew
constexpr int kRest = 250;           // pages that the writer moves itself: some two milliseconds
constexpr int kTooMuch = 4 * kFull;  // the thread does not get there: a reader holds it up, or its disk is slow

}  // namespace

Checkpointer::Checkpointer(const std::string& path, const SqliteOptions& options) {
  auto connection = Connection::open(path, options, Connection::Mode::checkpoint);
  if (!connection) return;
  connection_ = std::move(*connection);
  thread_ = std::thread([this] { work(); });
}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::committed(Connection& writer) {
  bool all = false;
  {
    const std::lock_guard lock(mutex_);
    const int before = std::exchange(pages_, writer.log_pages());
    if (pages_ < before) {  // the log has begun anew
      looked_at_ = tried_at_ = 0;
      nearly_done_ = false;
    }
    if (pages_ - looked_at_ >= kPass) {
      looked_at_ = pages_;
      wanted_ = true;
      wake_.notify_one();
    }
    const bool too_much = pages_ >= (connection_ ? kTooMuch : kFull) && pages_ - tried_at_ >= kPass;
    all = std::exchange(nearly_done_, false) || too_much;
    if (all) tried_at_ = pages_;
  }
  if (all) (void)writer.checkpoint();  // if it cannot be done now, then later
}

void Checkpointer::work() {
  std::unique_lock lock(mutex_);
  int moved = 0;
  for (;;) {
    wake_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    const auto done = connection_->checkpoint();
    if (done) connection_->sync();
    lock.lock();
    if (!done || pages_ < kFull) continue;
    const bool further = done->moved != std::exchange(moved, done->moved);  // else readers hold it up
    nearly_done_ = pages_ - done->moved <= kRest;
    wanted_ = !nearly_done_ && further;  // what came meanwhile is less each time
  }
}

}  // namespace troupe::store::sqlite
