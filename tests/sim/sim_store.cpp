#include "sim/sim_store.hpp"

#include <algorithm>

#include "sim/mutants.hpp"
#include "sim/sim_blobs.hpp"
#include "sim/sim_reader.hpp"
#include "sim/world.hpp"
#include "store_memory/memory_store.hpp"

namespace troupe::sim {
namespace {

CommitReply reply(CommitStatus status, ErrorCode code, const char* message) {
  CommitReply reply;
  reply.status = status;
  reply.error = {code, message, true, {}};
  return reply;
}

bool is_about(const Change& change, const JobId& job) {
  return (change.insert && change.insert->id == job) || (change.update && change.update->id == job);
}

bool touches(const Commit& commit, const std::vector<ShardId>& shards) {
  return std::any_of(commit.shards.begin(), commit.shards.end(), [&](const ShardAdvance& advance) {
    return std::find(shards.begin(), shards.end(), advance.shard) != shards.end();
  });
}

}  // namespace

class SimWriter final : public StoreWriter {
 public:
  SimWriter(SimStore& store, LifePtr life) : store_(store), world_(store.world_), life_(std::move(life)) {}

  CommitReply commit(const Commit& commit) override {
    world_.interleave(40, 12);
    CommitReply reply = try_commit(commit);
    note_refused(commit, reply);
    world_.trace(life_->name(), " commits ", commit.changes.size(), " -> ", static_cast<int>(reply.status));
    world_.interleave(40, 12);
    return reply;
  }

  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) override {
    world_.interleave(20, 8);
    if (life_->dead || store_.outage_ == SimStore::Outage::away || is_unlucky(20))
      return {ErrorCode::store_unavailable, "no connection", true};
    if (store_.outage_ == SimStore::Outage::read_only)
      return {ErrorCode::store_unavailable, "it can only be read", true};
    if (world_.is_superseded(life_)) {
      // A node in doubt takes the shards back from the one that has taken them over: acquire() cannot demand that they
      // are still its own. Known (README); until it can, whoever runs the node kills it here.
      world_.saw("superseded node in doubt");
      world_.kill_life(life_);
      return {ErrorCode::store_unavailable, "the process is gone", true};
    }
    store_.settle_lost(shards);
    auto states = store_.inner_->acquire(shards, owner);
    world_.trace(life_->name(), " takes the shards");
    world_.taken_over(life_);
    world_.interleave(20, 8);
    return states;
  }

  Result<Done> release(const std::vector<ShardState>& shards) override {
    world_.interleave(20, 8);
    if (life_->dead || store_.outage_ != SimStore::Outage::none)
      return {ErrorCode::store_unavailable, "no connection", true};
    world_.trace(life_->name(), " hands the shards back");
    return store_.inner_->release(shards);
  }

 private:
  CommitReply try_commit(const Commit& commit) {
    if (life_->dead) return reply(CommitStatus::unavailable, ErrorCode::store_unavailable, "the process is gone");
    switch (store_.outage_) {
      case SimStore::Outage::away:
        return reply(CommitStatus::unavailable, ErrorCode::store_unavailable, "no connection");
      case SimStore::Outage::read_only:
        return reply(CommitStatus::read_only, ErrorCode::store_unavailable, "it can only be read");
      case SimStore::Outage::full: return reply(CommitStatus::full, ErrorCode::disk_full, "no room");
      case SimStore::Outage::none: break;
    }
    if (is_unlucky(1)) return reply(CommitStatus::unavailable, ErrorCode::store_unavailable, "the connection broke");
    if (store_.refused_ && std::any_of(commit.changes.begin(), commit.changes.end(),
                                       [&](const Change& change) { return is_about(change, *store_.refused_); })) {
      if (commit.changes.size() == 1) store_.refused_.reset();
      world_.saw("change refused");
      return reply(CommitStatus::refused, ErrorCode::store_refused, "a row does not fit");
    }
    if (is_unlucky(1.5)) return lose(commit);
    return store_.write(commit, life_);
  }

  /// Of several changes that are refused together, each is tried by itself.
  void note_refused(const Commit& commit, const CommitReply& reply) {
    const auto refused = [&](std::size_t index) {
      if (commit.changes[index].update) world_.refused(commit.changes[index].update->id);
    };
    for (const std::size_t index : reply.stale) refused(index);
    for (const CommitReply::Duplicate& duplicate : reply.duplicates) refused(duplicate.change);
    if (reply.status == CommitStatus::fenced || (reply.status == CommitStatus::refused && commit.changes.size() == 1))
      for (std::size_t index = 0; index < commit.changes.size(); ++index) refused(index);
  }

  /// The connection breaks before the answer: written already, never, or perhaps later.
  CommitReply lose(const Commit& commit) {
    switch (world_.dice().number(3)) {
      case 0:
        if (const CommitReply written = store_.write(commit, life_); written.status != CommitStatus::committed)
          return written;
        world_.saw("unknown commit landed");
        break;
      case 1: world_.saw("unknown commit lost"); break;
      default: store_.lost_.push_back({commit, life_}); world_.saw("unknown commit in flight");
    }
    world_.trace(life_->name(), " loses the connection in a commit");
    return reply(CommitStatus::unknown, ErrorCode::store_unavailable, "the connection broke");
  }

  bool is_unlucky(double percent) { return world_.has_faults() && world_.dice().chance(percent); }

  SimStore& store_;
  World& world_;
  const LifePtr life_;
};

SimStore::SimStore(World& world)
    : world_(world), store_(make_memory_store()), inner_(*store_->writer()), truth_(*store_->reader(1)) {}

std::unique_ptr<StoreWriter> SimStore::writer(const LifePtr& life) { return std::make_unique<SimWriter>(*this, life); }

std::unique_ptr<StoreReader> SimStore::reader(const LifePtr& life) {
  return std::make_unique<SimReader>(*this, world_, life, truth_);
}

std::unique_ptr<BlobStore> SimStore::blobs(const LifePtr& life) {
  return std::make_unique<SimBlobs>(blobs_, world_, life);
}

void SimStore::end_outage() {
  if (outage_ != Outage::none) last_outage_ = world_.now();
  outage_ = Outage::none;
}

CommitReply SimStore::write(const Commit& commit, const LifePtr& life) {
  if (mutants::pretends(world_)) return {};
  const std::optional<Commit> other = mutants::on_commit(world_, commit, *truth_);
  const CommitReply reply = inner_->commit(other.value_or(commit));
  if (reply.status == CommitStatus::committed) world_.written(other.value_or(commit), life);
  if (reply.status == CommitStatus::fenced) world_.saw("commit fenced");
  if (reply.status == CommitStatus::duplicates) world_.saw("commit had duplicates");
  if (reply.status == CommitStatus::stale) world_.saw("commit stale");
  return reply;
}

void SimStore::settle_lost(const std::vector<ShardId>& shards) {
  for (auto lost = lost_.begin(); lost != lost_.end();) {
    if (!touches(lost->commit, shards)) {
      ++lost;
      continue;
    }
    const Lost one = std::move(*lost);
    lost = lost_.erase(lost);
    if (world_.dice().chance(50) && write(one.commit, one.life).status == CommitStatus::committed)
      world_.saw("lost commit landed late");
  }
}

}  // namespace troupe::sim
