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
  alone_ = false;
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
  const std::lock_guard lock(mutex_);
  const int before = std::exchange(pages_, writer.log_pages());
  if (pages_ < before) {  // the log has begun anew
    ++generation_;
    looked_at_ = tried_at_ = moved_ = 0;
    nearly_done_ = false;
  } else if (before >= kFull && moved_ >= before) {
    nearly_done_ = true;  // a reader was in the way: what is left is this commit's
  }
  if (pages_ - looked_at_ >= kPass) {
    looked_at_ = pages_;
    wanted_ = true;
  }
  const bool too_much = pages_ >= (alone_ ? kFull : kTooMuch) && pages_ - tried_at_ >= kPass;
  if (!working_ && (nearly_done_ || too_much)) {
    nearly_done_ = false;
    tried_at_ = pages_;
    if (const auto done = writer.checkpoint()) moved_ = done->moved;  // if it cannot be done now, then later
  }
  if (may_work()) wake_.notify_one();
}

void Checkpointer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return may_work() || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    working_ = true;
    const auto generation = generation_;
    lock.unlock();
    const auto done = connection_->checkpoint();
    const bool synced = !done || connection_->sync();
    lock.lock();
    working_ = false;
    if (!synced) {  // the disk fails; the writer's own sync shall be the one that is told
      alone_ = true;
      return;
    }
    if (!done || generation != generation_) continue;
    const bool further = done->moved > std::exchange(moved_, done->moved);  // else readers hold it up
    if (pages_ < kFull) continue;
    nearly_done_ = pages_ - moved_ <= kRest;
    wanted_ = !nearly_done_ && further;  // what came meanwhile is less each time
  }
}

}  // namespace troupe::store::sqlite
