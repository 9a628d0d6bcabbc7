#include "actors/faulty_writer.hpp"

#include <algorithm>

namespace troupe::test {

class FaultyWriter final : public StoreWriter {
 public:
  FaultyWriter(std::unique_ptr<StoreWriter> inner, StoreScript& script) : inner_(std::move(inner)), script_(script) {}

  CommitReply commit(const Commit& commit) override {
    const std::lock_guard lock(script_.mutex_);
    script_.tried_.push_back(commit.changes.size());
    switch (take_fate()) {
      case Fate::goes_through: return write(commit);
      case Fate::unavailable: return fail(CommitStatus::unavailable, ErrorCode::store_unavailable, "no connection");
      case Fate::full: return fail(CommitStatus::full, ErrorCode::disk_full, "no room");
      case Fate::unknown_landed:
        if (const CommitReply reply = write(commit); reply.status != CommitStatus::committed) return reply;
        [[fallthrough]];
      case Fate::unknown_lost: break;
    }
    return fail(CommitStatus::unknown, ErrorCode::store_unavailable, "the connection broke");
  }

  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) override {
    const std::lock_guard lock(script_.mutex_);
    if (script_.acquire_fails_) return {ErrorCode::store_unavailable, "no connection", true};
    ++script_.acquired_;
    return inner_->acquire(shards, owner);
  }

  Result<Done> release(const std::vector<ShardState>& shards) override { return inner_->release(shards); }

 private:
  static CommitReply fail(CommitStatus status, ErrorCode code, const char* message) {
    CommitReply reply;
    reply.status = status;
    reply.error = {code, message, true, {}};
    return reply;
  }

  Fate take_fate() {
    if (script_.next_.empty()) return script_.then_;
    const Fate fate = script_.next_.front();
    script_.next_.pop_front();
    return fate;
  }

  CommitReply write(const Commit& commit) {
    const auto refused = [&](const Change& change) {
      return (change.insert && script_.refused_.contains(change.insert->id)) ||
             (change.update && script_.refused_.contains(change.update->id));
    };
    if (std::any_of(commit.changes.begin(), commit.changes.end(), refused))
      return fail(CommitStatus::refused, ErrorCode::store_refused, "a row does not fit");
    CommitReply reply = inner_->commit(commit);
    if (reply.status == CommitStatus::committed) script_.written_.push_back(commit.changes.size());
    return reply;
  }

  std::unique_ptr<StoreWriter> inner_;
  StoreScript& script_;
};

void StoreScript::next_commits(std::vector<Fate> fates) {
  const std::lock_guard lock(mutex_);
  next_.assign(fates.begin(), fates.end());
}

void StoreScript::all_commits(Fate fate) {
  const std::lock_guard lock(mutex_);
  then_ = fate;
}

void StoreScript::refuse_none() {
  const std::lock_guard lock(mutex_);
  refused_.clear();
}

void StoreScript::refuse(const JobId& job) {
  const std::lock_guard lock(mutex_);
  refused_.insert(job);
}

void StoreScript::acquire_fails(bool fails) {
  const std::lock_guard lock(mutex_);
  acquire_fails_ = fails;
}

std::vector<std::size_t> StoreScript::tried() const {
  const std::lock_guard lock(mutex_);
  return tried_;
}

std::vector<std::size_t> StoreScript::written() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

int StoreScript::acquired() const {
  const std::lock_guard lock(mutex_);
  return acquired_;
}

std::unique_ptr<StoreWriter> make_faulty_writer(std::unique_ptr<StoreWriter> inner, StoreScript& script) {
  return std::make_unique<FaultyWriter>(std::move(inner), script);
}

}  // namespace troupe::test
