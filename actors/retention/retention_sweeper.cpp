#include "actors/retention/retention_sweeper.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "actors/job/run_loader.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

// One transaction's worth: small, so that the commits of jobs hardly wait for it.
constexpr std::size_t kJobs = 100;
constexpr std::size_t kRecords = 5'000;
constexpr std::size_t kGarbageRows = 1'000;
constexpr std::size_t kAnswers = 1'000;
/// Stubs that are too few for a checkpoint.
constexpr std::uint64_t kStubsFree = 1'000;
/// What is not whole is looked at again by then; meanwhile a person may mend it.
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
};

void RetentionSweeper::sweep() {
  for (ShardId shard : shards_) {
    if (ports_.stopping()) return;
    if (const auto swept = sweep_shard(shard); !swept)
      ports_.log.write(log::Level::warning, "a sweep of retention was broken off; the next goes on",
                       {{"shard", shard}, {"error", swept.error().message}});
  }
  if (const auto forgotten = forget_answers(); !forgotten)
    ports_.log.write(log::Level::warning, "old answers could not be removed", {{"error", forgotten.error().message}});
  if (const auto removed = remove_blobs(); !removed)
    ports_.log.write(log::Level::warning, "blobs could not be removed", {{"error", removed.error().message}});
}

Result<Done> RetentionSweeper::sweep_shard(ShardId shard) {
  auto row = ports_.reader.sweep(shard);
  if (!row) return row.error();
  if (auto swept = sweep_retained(*row); !swept) return swept;
  if (auto swept = sweep_accepted(*row); !swept) return swept;
  if (row->stubs < std::max(kStubsFree, row->survivors)) return Done{};
  return make_checkpoint(*row);
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

Result<Done> RetentionSweeper::sweep_accepted(SweepRow& row) {
  const Timestamp horizon = ports_.clock.now() - ports_.shortest();
  while (!ports_.stopping()) {
    const auto page = ports_.reader.accepted_jobs(row.shard, row.transaction, row.position, kJobs);
    if (!page) return page.error();
    Batch batch;
    for (const StoreReader::Accepted& accepted : *page) {
      if (accepted.job.created_at() > horizon) break;
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

/// Is the job to be removed, or when is it looked at again?
Result<Done> RetentionSweeper::look_at(const JobId& id, Batch& batch) {
  const auto found = ports_.reader.job(id);
  if (!found) return found.error();
  if (!found->has_value()) {
    batch.sweep.retained.push_back({id, kNever});
    return Done{};
  }
  const JobRow& job = **found;
  const Timestamp now = ports_.clock.now();
  const Millis retention = retention_of(job);
  const bool ended = has_ended(job.status);
  if (const Timestamp due = (ended ? job.updated_at : now) + retention; !ended || due > now) {
    batch.sweep.retained.push_back({id, std::max(due, now + options_.period)});  // once a sweep is enough
    return Done{};
  }
  auto made = make_stubs(ports_.reader, job);
  if (!made) return made.error();
  if (!made->fault.empty()) {
    ports_.log.write(log::Level::error, "a job whose audit trail is not whole is not removed",
                     {{"job", to_string(id)}, {"fault", made->fault}});
    batch.sweep.retained.push_back({id, now + kBrokenPause});
    return Done{};
  }
  batch.records += job.last_seq;
  batch.tombstones.push_back({id, {job.last_seq, job.head}, retention});
  batch.sweep.removals.push_back({id, job.last_seq, job.client_id, job.job_id, std::move(made->stubs)});
  return Done{};
}

Result<Done> RetentionSweeper::write(Batch& batch, SweepRow& row) {
  for (const Removal& removal : batch.sweep.removals) row.stubs += removal.stubs.size();
  batch.sweep.row = row;
  const std::size_t removed = batch.tombstones.size();
  std::vector<RecordDraft> records;
  if (removed > 0) records.push_back(removal_record(batch.tombstones));
  if (auto committed = commit(row.shard, std::move(batch.sweep), std::move(records)); !committed) return committed;
  if (removed > 0)
    ports_.log.write(log::Level::info, "removed jobs whose retention is over",
                     {{"shard", row.shard}, {"jobs", removed}});
  return Done{};
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
  auto plan = plan_checkpoint(ports_.reader, *shard, transaction);
  if (!plan) return plan.error();
  if (!plan->fault.empty()) {
    ports_.log.write(log::Level::error, "there is no checkpoint of a shard whose audit trail is not whole",
                     {{"shard", row.shard}, {"fault", plan->fault}});
    no_checkpoint_before_[row.shard] = now + kBrokenPause;
    return Done{};
  }
  row.checkpoint = plan->checkpoint;
  row.survivors = plan->survivors;
  row.stubs = 0;
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

Result<Done> RetentionSweeper::delete_garbage(const SweepRow& row) {
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
  std::uint64_t seq = 0;
  for (bool more = true; more && !ports_.stopping();) {
    const auto page = ports_.reader.journal({shard_chain(row.shard), seq, kGarbageRows});
    if (!page) return page.error();
    more = page->size() == kGarbageRows && page->back().transaction <= row.checkpoint.transaction;
    Sweep sweep;
    sweep.row = row;
    for (const JournalRow& record : *page)
      if (is_garbage(record, row.checkpoint))
        sweep.garbage_rows.push_back({row.shard, record.transaction, record.position});
    if (!page->empty()) seq = page->back().first_seq + page->back().count;
    if (sweep.garbage_rows.empty()) continue;
    if (auto committed = commit(row.shard, std::move(sweep), {}); !committed) return committed;
  }
  return Done{};
}

Result<Done> RetentionSweeper::forget_answers() {
  const Timestamp now = ports_.clock.now();
  if (now - answers_swept_ < kAnswersPeriod || shards_.empty()) return Done{};
  const auto row = ports_.reader.sweep(shards_.front());
  if (!row) return row.error();
  Digest after{};
  for (bool more = true; more && !ports_.stopping();) {
    const auto page = ports_.reader.answers(after, kAnswers);
    if (!page) return page.error();
    more = page->size() == kAnswers;
    Sweep sweep;
    sweep.row = *row;
    for (const auto& [scope, created_at] : *page) {
      if (created_at + options_.answers <= now) sweep.forgotten.push_back(scope);
      after = scope;
    }
    if (sweep.forgotten.empty()) continue;
    if (auto committed = commit(row->shard, std::move(sweep), {}); !committed) return committed;
  }
  answers_swept_ = now;
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

  bool contains(const Digest& digest) const { return std::ranges::binary_search(starts_, start_of(digest)); }

 private:
  static constexpr std::size_t kBlobRows = 1'000;

  static std::uint64_t start_of(const Digest& digest) {
    std::uint64_t start;
    std::memcpy(&start, digest.data(), sizeof start);
    return start;
  }
  void add(const Digest& digest) { starts_.push_back(start_of(digest)); }

  std::vector<std::uint64_t> starts_;
};

}  // namespace

/// A blob is stored before its row, so the rows are read after it was old enough.
Result<Done> RetentionSweeper::remove_blobs() {
  const Timestamp now = ports_.clock.now();
  if (blobs_due_ == kNever) blobs_due_ = now + std::min(options_.blobs, kFirstBlobs);
  if (now < blobs_due_) return Done{};
  const auto named = NamedBlobs::read(ports_.reader, ports_.stopping);
  if (!named) return named.error();
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
  if (!walked) return walked.error();
  blobs_due_ = now + options_.blobs;
  return Done{};
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
