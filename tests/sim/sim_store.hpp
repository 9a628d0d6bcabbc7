// The memory store behind a network and a database that fail: commits that are late, lost, refused, unknown (and land
// later after all), a disk that is full, a database that is away or can only be read. Everything that a process asks
// for after its death is refused. What is written is told to the world.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/life.hpp"
#include "troupe/port/blob_store.hpp"
#include "troupe/port/store.hpp"

namespace troupe::sim {

class World;

class SimStore {
 public:
  enum class Outage : std::uint8_t { none, away, read_only, full };

  explicit SimStore(World& world);

  std::unique_ptr<StoreWriter> writer(const LifePtr& life);
  std::unique_ptr<StoreReader> reader(const LifePtr& life);
  std::unique_ptr<BlobStore> blobs(const LifePtr& life);
  /// What is really stored.
  StoreReader& truth() { return *truth_; }
  const std::map<Digest, std::string>& stored_blobs() const { return blobs_; }

  void begin_outage(Outage outage) { outage_ = outage; }
  void end_outage();
  /// So many of a hundred reads fail, where there are faults.
  double reads_that_fail() const { return has_bad_reads_ ? 25 : 0.5; }
  void have_bad_reads(bool bad) { has_bad_reads_ = bad; }
  /// When one was over.
  Timestamp last_outage() const { return last_outage_; }
  Outage outage() const { return outage_; }
  /// The next change of this job is refused by the database.
  void refuse_next(const JobId& job) { refused_ = job; }

 private:
  friend class SimWriter;
  friend class SimReader;
  friend class SimBlobs;

  /// A commit whose connection broke: it may still arrive, until someone takes the shards.
  struct Lost {
    Commit commit;
    LifePtr life;
  };
  CommitReply write(const Commit& commit, const LifePtr& life);
  /// Those that touch one of these shards arrive now, or never.
  void settle_lost(const std::vector<ShardId>& shards);

  World& world_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<StoreWriter> inner_;
  std::shared_ptr<StoreReader> truth_;
  Outage outage_ = Outage::none;
  Timestamp last_outage_ = kNever;
  bool has_bad_reads_ = false;
  std::optional<JobId> refused_;
  std::vector<Lost> lost_;
  std::map<Digest, std::string> blobs_;
};

}  // namespace troupe::sim
