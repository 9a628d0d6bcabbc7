#include "actors/retention/retention_sweeper.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "actors/job/run_loader.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

// One transaction's worth: small, since the commits of jobs wait for it.
constexpr std::size_t kJobs = 100;
constexpr std::size_t kRecords = 5'000;
/// Of one job, which goes in one transaction: beyond that it is not removed.
constexpr std::uint64_t kRecordsMax = 100'000;
constexpr std::size_t kGarbageRows = 1'000;
constexpr std::size_t kAnswers = 1'000, kAnswerPages = 10;  // a sweep
/// Stubs that are too few for a checkpoint.
constexpr std::uint64_t kStubsFree = 1'000;
/// What cannot be removed is looked at again by then; meanwhile a person may mend it.
constexpr Millis kBrokenPause = 24h;
constexpr Millis kAnswersPeriod = 1h;
/// A server that is restarted each day looks for blobs, too.
constexpr Millis kFirstBlobs = 1h;

}  // namespace

struct RetentionSweeper::Batch {
  Sweep sweep;
  std::vector<Tombstone> tombstones;
  std::size_t records = 0;

  bool full() const { return sweep.removals.size() + sweep.retained.size() >= kJobs || records >= kRecords; }
  bool has_room_for(const JobRow& job) const { return sweep.removals.empty() || records + job.last_seq <= kRecords; }
  void keep(const JobId& job, Timestamp until) { sweep.retained.push_back({job, until}); }
};

void RetentionSweeper::sweep() {
  const auto tell = [this](const Result<Done>& done, std::string_view what) {
    if (done || ports_.stopping()) return;
    ports_.log.write(log::Level::warning, what, {{"error", done.error().message}});
  };
  tell(sweep_shards(), "a sweep of retention was broken off; the next goes on");
  tell(forget_answers(), "old answers could not be removed");
  tell(remove_blobs(), "blobs could not be removed");
}

Result<Done> RetentionSweeper::sweep_shards() {
  const auto states = ports_.reader.shards();
  if (!states) return states.error();
  for (const ShardState& state : *states) {
    const bool is_ours = std::ranges::find(shards_, state.shard) != shards_.end();
    if (!is_ours || state.seq == 0 || ports_.stopping()) continue;  // of what was never written, nothing is due
    if (auto swept = sweep_shard(state); !swept) return swept;
  }
  return Done{};
}

Result<Done> RetentionSweeper::sweep_shard(const ShardState& shard) {
  auto row = ports_.reader.sweep(shard.shard);
  if (!row) return row.error();
  if (!row->is_clean) {  // the last checkpoint was interrupted
    if (auto cleaned = delete_garbage(*row); !cleaned) return cleaned;
  }
  if (auto swept = sweep_retained(*row); !swept) return swept;
  return sweep_accepted(*row, shard.seq);
}

Result<Done> RetentionSweeper::sweep_retained(SweepRow& row) {
  while (!ports_.stopping()) {
    const auto due = ports_.reader.retained(row.shard, ports_.clock.now(), kJobs);
    if (!due) return due.error();
    if (due->empty()) break;
    Batch batch;
    for (const JobId& job : *due) {
      if (auto looked = look_at(job, batch); !looked) return looked;
      if (batch.full()) break;
    }
    if (auto written = write(batch, row); !written) return written;
  }
  return Done{};
}

Result<Done> RetentionSweeper::sweep_accepted(SweepRow& row, std::uint64_t shard_seq) {
  Walk& walk = walks_[row.shard];
  const Timestamp now = ports_.clock.now(), horizon = now - ports_.shortest();
  // What bears a time of the future was accepted by a clock that was wrong: it does not hold up the others.
  const auto is_young = [&](Timestamp accepted) { return accepted > horizon && accepted <= now; };
  if (walk.ended_at == shard_seq || is_young(walk.next_accepted)) return Done{};
  walk = {};
  while (!ports_.stopping()) {
    const auto page = ports_.reader.accepted_jobs(row.shard, row.transaction, row.position, kJobs);
    if (!page) return page.error();
    if (page->empty()) walk.ended_at = shard_seq;
    Batch batch;
    for (const StoreReader::Accepted& accepted : *page) {
      if (is_young(accepted.job.created_at())) {
        walk.next_accepted = accepted.job.created_at();
        break;
      }
      if (auto looked = look_at(accepted.job, batch); !looked) return looked;
      row.transaction = accepted.transaction;
      row.position = accepted.position;
      if (batch.full()) break;
    }
    if (batch.sweep.removals.empty() && batch.sweep.retained.empty()) break;
    if (auto written = write(batch, row); !written) return written;
  }
  return Done{};
}

Result<Done> RetentionSweeper::look_at(const JobId& id, Batch& batch) {
  const auto found = ports_.reader.job(id);
  auto judged = !found ? Result<Done>(found.error()) : !found->has_value() ? Done{} : judge(**found, batch);
  if (judged && !found->has_value()) batch.keep(id, kNever);
  if (judged || judged.error().retryable) return judged;
  // One that cannot be read, or must not go, does not hold up the others.
  ports_.log.write(log::Level::error, "a job could not be removed; it is looked at again tomorrow",
                   {{"job", to_string(id)}, {"error", judged.error().message}});
  batch.keep(id, ports_.clock.now() + kBrokenPause);
  return Done{};
}

/// Is the job to be removed, or when is it looked at again?
Result<Done> RetentionSweeper::judge(const JobRow& job, Batch& batch) {
  const Timestamp now = ports_.clock.now();
  const auto retention = ports_.retention_of(job);
  if (!retention) return retention.error();
  const bool ended = has_ended(job.status);
  if (const Timestamp due = (ended ? job.updated_at : now) + *retention; !ended || due > now) {
    batch.keep(job.id, std::max(due, now + options_.period));  // once a sweep is enough
    return Done{};
  }
  if (job.last_seq > kRecordsMax)
    return Error{ErrorCode::store_refused,
                 "it has " + std::to_string(job.last_seq) + " records: too many to be removed"};
  if (!batch.has_room_for(job)) {
    batch.keep(job.id, now);  // with the next
    return Done{};
  }
  auto made = make_stubs(ports_.reader, job);
  if (!made) return made.error();
  if (!made->fault.empty()) return Error{ErrorCode::store_corrupt, "its audit trail is not whole: " + made->fault};
  batch.records += job.last_seq;
  batch.tombstones.push_back({job.id, {job.last_seq, job.head}, *retention});
  batch.sweep.removals.push_back({job.id, job.last_seq, job.client_id, job_key_of(job), std::move(made->stubs)});
  return Done{};
}

Result<Done> RetentionSweeper::write(Batch& batch, SweepRow& row) {
  const std::size_t removed = batch.tombstones.size();
  Sweep instead;  // if the database takes some of it never: the others must not wait for that
  instead.row = row;
  instead.retained = batch.sweep.retained;
  batch.sweep.row = row;
  for (const Removal& removal : batch.sweep.removals) {
    instead.retained.push_back({removal.job, ports_.clock.now() + kBrokenPause});
    batch.sweep.row.stubs += removal.stubs.size();
    batch.sweep.row.kept -= std::min<std::uint64_t>(batch.sweep.row.kept, removal.stubs.size());
  }
  const SweepRow after = batch.sweep.row;
  std::vector<RecordDraft> records;
  if (removed > 0) records.push_back(removal_record(batch.tombstones));
  auto committed = commit(row.shard, std::move(batch.sweep), std::move(records));
  if (!committed && committed.error().code == ErrorCode::store_refused) {
    ports_.log.write(log::Level::error, "jobs could not be removed; they are looked at again tomorrow",
                     {{"shard", row.shard}, {"jobs", removed}, {"error", committed.error().message}});
    return commit(row.shard, std::move(instead), {});
  }
  if (!committed) return committed;
  row = after;
  if (removed > 0)
    ports_.log.write(log::Level::info, "removed jobs whose retention is over",
                     {{"shard", row.shard}, {"jobs", removed}});
  return row.stubs < std::max(kStubsFree, row.kept) ? Done{} : make_checkpoint(row);
}

Result<Done> RetentionSweeper::make_checkpoint(SweepRow& row) {
  const Timestamp now = ports_.clock.now();
  if (now < no_checkpoint_before_[row.shard]) return Done{};
  const auto shards = ports_.reader.shards();
  if (!shards) return shards.error();
  const auto shard = std::ranges::find(*shards, row.shard, &ShardState::shard);
  // Of the transaction up to which jobs were looked at, the rest may still be to come.
  const std::uint64_t transaction = std::max(row.checkpoint.transaction, row.transaction > 0 ? row.transaction - 1 : 0);
  if (shard == shards->end() || transaction == 0) return Done{};
  auto plan = plan_checkpoint(ports_.reader, *shard, transaction, ports_.stopping);
  if (!plan) return plan.error();
  if (!plan->fault.empty()) {
    ports_.log.write(log::Level::error, "there is no checkpoint of a shard whose audit trail is not whole",
                     {{"shard", row.shard}, {"fault", plan->fault}});
    no_checkpoint_before_[row.shard] = now + kBrokenPause;
    return Done{};
  }
  row.checkpoint = plan->checkpoint;
  row.kept = plan->kept;
  row.stubs = 0;
  row.is_clean = false;
  Sweep sweep;
  sweep.row = row;
  sweep.is_checkpoint = true;
  if (auto committed = commit(row.shard, std::move(sweep), {checkpoint_record(row.checkpoint)}); !committed)
    return committed;
  auto stored = ports_.reader.sweep(row.shard);  // with the transaction that it was recorded in
  if (!stored) return stored.error();
  row = *stored;
  return delete_garbage(row);
}

Result<Done> RetentionSweeper::delete_garbage(SweepRow& row) {
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
  for (bool more = true; more && !ports_.stopping();) {
    const auto page = ports_.reader.stubs_of_shard(row.shard, transaction, position, kGarbageRows);
    if (!page) return page.error();
    more = page->size() == kGarbageRows && page->back().transaction <= row.checkpoint.transaction;
    Sweep sweep;
    sweep.row = row;
    for (const JournalStub& stub : *page)
      if (is_garbage(stub, row.checkpoint)) sweep.garbage_stubs.push_back({row.shard, stub.transaction, stub.position});
    if (!page->empty()) {
      transaction = page->back().transaction;
      position = page->back().position;
    }
    if (sweep.garbage_stubs.empty()) continue;
    if (auto committed = commit(row.shard, std::move(sweep), {}); !committed) return committed;
  }
  JournalQuery query{shard_chain(row.shard), 0, kGarbageRows};
  for (bool more = true; more && !ports_.stopping();) {
    const auto page = ports_.reader.journal(query);
    if (!page) return page.error();
    more = page->size() == kGarbageRows && page->back().transaction <= row.checkpoint.transaction;
    Sweep sweep;
    sweep.row = row;
    for (const JournalRow& record : *page)
      if (is_garbage(record, row.checkpoint))
        sweep.garbage_rows.push_back({row.shard, record.transaction, record.position});
    if (more) query.after_first_seq = page->back().first_seq;
    if (sweep.garbage_rows.empty()) continue;
    if (auto committed = commit(row.shard, std::move(sweep), {}); !committed) return committed;
  }
  if (ports_.stopping()) return Done{};
  Sweep done;
  row.is_clean = true;
  done.row = row;
  return commit(row.shard, std::move(done), {});
}

/// All of them lie in the order of their scopes, which is that of chance: some pages a sweep, then a pause.
Result<Done> RetentionSweeper::forget_answers() {
  const Timestamp now = ports_.clock.now();
  if (now < answers_due_ || shards_.empty()) return Done{};
  const auto row = ports_.reader.sweep(shards_.front());
  if (!row) return row.error();
  for (std::size_t pages = 0; pages < kAnswerPages && !ports_.stopping(); ++pages) {
    const auto page = ports_.reader.answers(answers_after_, kAnswers);
    if (!page) return page.error();
    Sweep sweep;
    sweep.row = *row;
    for (const auto& [scope, created_at] : *page)
      if (created_at + options_.answers <= now) sweep.forgotten.push_back(scope);
    if (!sweep.forgotten.empty())
      if (auto committed = commit(row->shard, std::move(sweep), {}); !committed) return committed;
    answers_after_ = page->empty() ? Digest{} : page->back().first;
    if (page->size() == kAnswers) continue;
    answers_after_ = {};
    answers_due_ = now + std::min(kAnswersPeriod, options_.answers);
    break;
  }
  return Done{};
}

namespace {

/// Which blobs rows name: 8 bytes of each digest, which are as good as chance.
class NamedBlobs {
 public:
  static Result<NamedBlobs> read(StoreReader& reader, const std::function<bool()>& stopping) {
    NamedBlobs named;
    AssetId asset;
    for (bool more = true; more && !stopping();) {
      const auto page = reader.asset_blobs(asset, kBlobRows);
      if (!page) return page.error();
      more = page->size() == kBlobRows;
      for (const auto& [id, digest] : *page) named.add(digest), asset = id;
    }
    TaskKey task;
    for (bool more = true; more && !stopping();) {
      const auto page = reader.result_blobs(task, kBlobRows);
      if (!page) return page.error();
      more = page->size() == kBlobRows;
      for (const StoreReader::ResultBlobs& row : *page) {
        if (row.outputs) named.add(*row.outputs);
        if (row.log) named.add(*row.log);
        task = row.task;
      }
    }
    std::ranges::sort(named.starts_);
    return named;
  }

  /// Some of them.
  const std::vector<Digest>& sample() const { return sample_; }
  bool contains(const Digest& digest) const { return std::ranges::binary_search(starts_, start_of(digest)); }

 private:
  static constexpr std::size_t kBlobRows = 1'000, kSample = 16;

  static std::uint64_t start_of(const Digest& digest) {
    std::uint64_t start;
    std::memcpy(&start, digest.data(), sizeof start);
    return start;
  }
  void add(const Digest& digest) {
    starts_.push_back(start_of(digest));
    if (sample_.size() < kSample) sample_.push_back(digest);
  }

  std::vector<std::uint64_t> starts_;
  std::vector<Digest> sample_;
};

/// Are the blobs those that the store's rows name? Else a server that was started with another database would remove
/// them all. A folder whose owner nobody has said yet gets one as soon as a row names one of its blobs.
Result<bool> owns(StoreReader& reader, BlobStore& blobs, const NamedBlobs& named) {
  const auto store = reader.store_id();
  if (!store) return store.error();
  const auto owner = blobs.owner();
  if (!owner) return owner.error();
  if (!owner->empty() || store->empty()) return !store->empty() && *owner == *store;
  for (const Digest& digest : named.sample()) {
    const auto is_there = blobs.contains(digest);
    if (!is_there) return is_there.error();
    if (!*is_there) continue;
    if (auto set = blobs.set_owner(*store); !set) return set.error();
    return true;
  }
  return false;
}

}  // namespace

/// A blob is stored before its row, so the rows are read after it was old enough.
Result<Done> RetentionSweeper::remove_blobs() {
  const Timestamp now = ports_.clock.now();
  if (blobs_due_ == kNever) blobs_due_ = now + std::min(options_.blobs_period, kFirstBlobs);
  if (now < blobs_due_) return Done{};
  const auto named = NamedBlobs::read(ports_.reader, ports_.stopping);
  if (!named) return named.error();
  const auto is_owner = owns(ports_.reader, ports_.blobs, *named);
  if (!is_owner) return is_owner.error();
  blobs_due_ = now + options_.blobs_period;
  if (!*is_owner) {
    if (!named->sample().empty())
      ports_.log.write(log::Level::warning, "no blobs are removed: the folder belongs to another database", {});
    return Done{};
  }
  const Timestamp then = now - options_.blobs;
  std::uint64_t removed = 0;
  const auto walked = ports_.blobs.for_each_stored_before(then, [&](const Digest& digest) -> Result<Done> {
    if (ports_.stopping()) return Error{ErrorCode::not_ready, "the node stops", true, {}};
    if (named->contains(digest)) return Done{};
    const auto gone = ports_.blobs.remove_if_stored_before(then, digest);
    if (!gone) return gone.error();
    removed += *gone;
    return Done{};
  });
  if (removed > 0) ports_.log.write(log::Level::info, "removed blobs that no job names", {{"blobs", removed}});
  return walked;
}

Result<Done> RetentionSweeper::commit(ShardId shard, Sweep sweep, std::vector<RecordDraft> records) {
  auto persist = std::make_shared<Persist>();
  persist->shard = shard;
  persist->frame.actor = "retention";
  persist->frame.node = ports_.node;
  persist->records = std::move(records);
  persist->change.sweep = std::make_shared<Sweep>(std::move(sweep));
  persist->is_accept = true;  // it need not wait for a store that is away
  return ports_.commit(persist);
}

}  // namespace troupe
