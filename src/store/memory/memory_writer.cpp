#include <mutex>

#include "store_memory/memory_tables.hpp"
#include "store_rules/commit_rules.hpp"

namespace troupe::store {
namespace {

/// Primary keys of rows to insert, none of which may exist yet or occur twice.
class NewKeys {
 public:
  template <class Table>
  void expect_absent(const Table& table, const typename Table::key_type& key, const char* name,
                     std::set<typename Table::key_type>& seen) {
    if (!table.contains(key) && seen.insert(key).second) return;
    if (clash_.empty()) clash_ = std::string("there is already such a row in ") + name;
  }
  const std::string& clash() const { return clash_; }

 private:
  std::string clash_;
};

class MemoryWriter final : public StoreWriter {
 public:
  explicit MemoryWriter(std::shared_ptr<MemoryTables> tables) : shared_(std::move(tables)), tables_(*shared_) {}

  CommitReply commit(const Commit& commit) override {
    assert_well_formed(commit);
    const std::unique_lock lock(tables_.mutex);
    CommitReply reply = check(commit);
    if (reply.status == CommitStatus::committed) write(commit);
    return reply;
  }

  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) override {
    const std::unique_lock lock(tables_.mutex);
    std::vector<ShardState> states;
    for (ShardId shard : shards)
      if (!tables_.shards.contains(shard))
        return Error{ErrorCode::not_found, "there is no shard " + std::to_string(shard), false, {}};
    for (ShardId shard : shards) {
      ShardState& state = tables_.shards.at(shard);
      ++state.epoch;
      state.owner = owner;
      states.push_back(state);
    }
    return states;
  }

  Result<Done> release(const std::vector<ShardState>& shards) override {
    const std::unique_lock lock(tables_.mutex);
    for (const ShardState& ours : shards)
      if (const auto shard = tables_.shards.find(ours.shard);
          shard != tables_.shards.end() && shard->second.epoch == ours.epoch)
        shard->second.owner.clear();
    return Done{};
  }

 private:
  CommitReply check(const Commit& commit) const {
    CommitReply reply;
    for (const ShardAdvance& advance : commit.shards) {
      const auto shard = tables_.shards.find(advance.shard);
      if (shard == tables_.shards.end() || shard->second.epoch != advance.epoch || shard->second.seq != advance.seq) {
        reply.status = CommitStatus::fenced;
        reply.error = {ErrorCode::fenced, "shard " + std::to_string(advance.shard) + " has moved", false, {}};
        return reply;
      }
    }
    reply.duplicates = duplicates(commit);
    if (!reply.duplicates.empty()) reply.status = CommitStatus::duplicates;
    if (reply.status == CommitStatus::committed) find_stale(commit, reply);
    if (reply.status == CommitStatus::committed) find_clash(commit, reply);
    return reply;
  }

  std::vector<CommitReply::Duplicate> duplicates(const Commit& commit) const {
    const auto find_job_key = [this](const JobKeyRow& row) -> Result<std::optional<JobKeyRow>> {
      const auto found = tables_.job_keys.find({row.job_id, row.client_id});
      return found == tables_.job_keys.end() ? std::nullopt : std::optional(found->second);
    };
    const auto find_idempotency = [this](const IdempotencyRow& row) -> Result<std::optional<IdempotencyRow>> {
      const auto found = tables_.idempotency.find(row.scope);
      return found == tables_.idempotency.end() ? std::nullopt : std::optional(found->second);
    };
    return find_duplicates(commit, find_job_key, find_idempotency).value();
  }

  bool is_stale(const JobId& id, std::uint64_t expected_seq) const {
    const auto job = tables_.jobs.find(id);
    return job == tables_.jobs.end() || job->second.last_seq != expected_seq;
  }

  void find_stale(const Commit& commit, CommitReply& reply) const {
    std::set<JobId> updated;
    for (const Change& change : commit.changes)
      if (change.update) updated.insert(change.update->id);
    for (std::size_t i = 0; i < commit.changes.size(); ++i) {
      const Change& change = commit.changes[i];
      bool stale = change.update && is_stale(change.update->id, change.update->expected_seq);
      if (change.sweep)
        for (const Removal& removal : change.sweep->removals)
          stale |= is_stale(removal.job, removal.expected_seq) || updated.contains(removal.job);
      if (stale) reply.stale.push_back(i);
    }
    if (!reply.stale.empty()) reply.status = CommitStatus::stale;
  }

  void find_clash(const Commit& commit, CommitReply& reply) const {
    NewKeys keys;
    std::set<JobId> jobs;
    std::set<std::pair<ChainId, std::uint64_t>> journal;
    std::set<AssetId> assets;
    std::set<RunId> runs, archives;
    std::set<std::pair<std::string, std::uint32_t>> workflows;
    for (const Change& change : commit.changes) {
      if (change.insert) keys.expect_absent(tables_.jobs, change.insert->id, "job", jobs);
      if (change.journal)
        keys.expect_absent(tables_.journal, {change.journal->chain, change.journal->first_seq}, "journal", journal);
      for (const AssetRow& asset : change.assets) keys.expect_absent(tables_.assets, asset.id, "asset", assets);
      if (change.run) keys.expect_absent(tables_.runs, change.run->id, "run", runs);
      if (change.archive) keys.expect_absent(tables_.archives, change.archive->id, "run_archive", archives);
      if (change.workflow)
        keys.expect_absent(tables_.workflows, {change.workflow->key, change.workflow->version}, "workflow", workflows);
    }
    if (keys.clash().empty()) return;
    reply.status = CommitStatus::refused;
    reply.error = {ErrorCode::store_refused, keys.clash(), false, {}};
  }

  void write(const Commit& commit) {
    for (const ShardAdvance& advance : commit.shards) {
      ShardState& shard = tables_.shards.at(advance.shard);
      ++shard.seq;
      shard.head = advance.head;
      shard.low_water = advance.low_water;
      shard.chain_seq = advance.chain_seq;
      shard.chain_head = advance.chain_head;
    }
    for (const Change& change : commit.changes) write(change);
  }

  void write(const Change& change) {
    if (change.insert) tables_.jobs.emplace(change.insert->id, *change.insert);
    if (change.update) write(*change.update);
    if (change.journal)
      tables_.journal.emplace(std::pair(change.journal->chain, change.journal->first_seq), *change.journal);
    if (change.job_key)
      tables_.job_keys.emplace(std::pair(change.job_key->job_id, change.job_key->client_id), *change.job_key);
    if (change.idempotency) tables_.idempotency.emplace(change.idempotency->scope, *change.idempotency);
    for (const ResultRow& result : change.results) tables_.results.emplace(key_of(result.task), result);
    for (const ResultLog& log : change.logs) write(log);
    for (const AssetRow& asset : change.assets) tables_.assets.emplace(asset.id, asset);
    for (const ReviewRow& review : change.reviews)
      tables_.reviews.emplace(std::tuple(review.run, review.asset, review.reviewer), review);
    for (const SettingRow& setting : change.settings) write(setting);
    if (change.run) tables_.runs.emplace(change.run->id, *change.run);
    if (change.archive) tables_.archives.emplace(change.archive->id, *change.archive);
    if (change.notable) tables_.notables.emplace(change.notable->kind, change.notable->job);
    if (change.workflow)
      tables_.workflows.emplace(std::pair(change.workflow->key, change.workflow->version), *change.workflow);
    if (change.workflow_disabled) tables_.disabled[change.workflow_disabled->first] = change.workflow_disabled->second;
    if (change.unpark) tables_.parked.erase(subject_of(change));
    if (change.park) tables_.parked[subject_of(change)] = *change.park;
    if (change.sweep) write(*change.sweep);
  }

  void write(const ResultLog& log) {
    const auto row = tables_.results.find(key_of(log.task));
    if (row == tables_.results.end() || row->second.task.epoch != log.task.epoch || row->second.log_bytes > 0) return;
    row->second.log = log.log;
    row->second.log_blob = log.log_blob;
    row->second.log_bytes = log.log_bytes;
  }

  void write(const SettingRow& setting) {
    const std::pair key(setting.kind, setting.id);
    if (setting.document.present())
      tables_.settings[key] = setting;
    else
      tables_.settings.erase(key);
  }

  void write(const Sweep& sweep) {
    for (const Removal& removal : sweep.removals) remove(removal);
    for (const RetainedRow& row : sweep.retained) {
      tables_.retained.erase(row.job);
      if (row.due != kNever) tables_.retained[row.job] = {row.due, sweep.row.shard};
    }
    for (const JournalPlace& at : sweep.garbage_stubs) tables_.stubs.erase({at.shard, at.transaction, at.position});
    for (const JournalPlace& at : sweep.garbage_rows)
      std::erase_if(tables_.journal, [&](const auto& entry) {
        const JournalRow& row = entry.second;
        return row.shard == at.shard && row.transaction == at.transaction && row.position == at.position;
      });
    for (const Digest& scope : sweep.forgotten) tables_.idempotency.erase(scope);
    tables_.sweeps[sweep.row.shard] = sweep.row;
  }

  void remove(const Removal& removal) {
    std::set<RunId> runs = {removal.job.as<RunId>()};
    for (const auto& [id, run] : tables_.runs)
      if (run.job == removal.job) runs.insert(id);
    std::erase_if(tables_.results, [&](const auto& entry) { return runs.contains(std::get<RunId>(entry.first)); });
    std::erase_if(tables_.reviews, [&](const auto& entry) { return runs.contains(entry.second.run); });
    std::erase_if(tables_.assets, [&](const auto& entry) { return runs.contains(entry.second.run); });
    for (const RunId& run : runs) {
      tables_.archives.erase(run);
      tables_.runs.erase(run);
    }
    for (Status kind : {Status::failed, Status::cancelled}) tables_.notables.erase({kind, removal.job});
    if (const auto key = tables_.job_keys.find({removal.job_id, removal.client_id});
        !removal.job_id.empty() && key != tables_.job_keys.end() && key->second.id == removal.job)
      tables_.job_keys.erase(key);
    tables_.parked.erase(removal.job);
    tables_.retained.erase(removal.job);
    std::erase_if(tables_.journal, [&](const auto& entry) { return entry.first.first == removal.job.as<ChainId>(); });
    for (const JournalStub& stub : removal.stubs) tables_.stubs[{stub.shard, stub.transaction, stub.position}] = stub;
    tables_.jobs.erase(removal.job);
  }

  void write(const JobUpdate& update) {
    JobRow& job = tables_.jobs.at(update.id);
    job.status = update.status;
    job.last_seq = update.last_seq;
    job.head = update.head;
    job.run = update.run;
    job.state = update.state;
    job.run_workflow_version = update.run_workflow_version;
    job.updated_at = update.updated_at;
    job.outputs = update.outputs;
    job.error = update.error;
  }

  std::shared_ptr<MemoryTables> shared_;
  MemoryTables& tables_;
};

}  // namespace

std::unique_ptr<StoreWriter> make_memory_writer(std::shared_ptr<MemoryTables> tables) {
  return std::make_unique<MemoryWriter>(std::move(tables));
}

}  // namespace troupe::store
