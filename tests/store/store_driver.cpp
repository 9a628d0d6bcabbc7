#include "store/store_driver.hpp"

#include "store_sql/tables.hpp"

namespace troupe::test {
namespace {

/// Writes fields as text.
class TextSink final : public store::FieldSink {
 public:
  void uuid(const store::Uuid& value) override { add(format_uuid(value)); }
  void integer(std::int64_t value) override { add(std::to_string(value)); }
  void text(std::string_view value) override { add('"' + std::string(value) + '"'); }
  void bytes(std::optional<std::string_view> value) override {
    add(value ? to_hex(reinterpret_cast<const std::uint8_t*>(value->data()), value->size()) + "h" : "absent");
  }
  std::string take() { return std::move(text_); }

 private:
  void add(const std::string& field) { text_ += field + ' '; }
  std::string text_;
};

template <class Row>
std::string fields_of(const Row& row) {
  TextSink sink;
  store::put(sink, row);
  return sink.take();
}

}  // namespace

std::string text_of(const JobRow& row) { return fields_of(row); }
std::string text_of(const JournalRow& row) { return fields_of(row); }
std::string text_of(const JobKeyRow& row) { return fields_of(row); }
std::string text_of(const IdempotencyRow& row) { return fields_of(row); }
std::string text_of(const ResultRow& row) { return fields_of(row); }
std::string text_of(const AssetRow& row) { return fields_of(row); }
std::string text_of(const ReviewRow& row) { return fields_of(row); }
std::string text_of(const SettingRow& row) { return fields_of(row); }
std::string text_of(const RunArchive& row) { return fields_of(row); }
std::string text_of(const RunRecord& row) {
  return to_string(row.run) + " #" + std::to_string(row.number) + " of " + text_of(row.job) + text_of(row.archive);
}
std::string text_of(const WorkflowSummary& row) { return fields_of(row.newest) + (row.disabled ? "disabled" : ""); }
std::string text_of(const ShardState& row) {
  return fields_of(
             ShardAdvance{row.shard, row.epoch, row.seq, row.head, row.low_water, row.chain_seq, row.chain_head}) +
         row.owner;
}
std::string text_of(const StoreReader::Parked& row) { return to_string(row.job) + " due " + format_rfc3339(row.due); }
std::string text_of(const StoreReader::Accepted& row) {
  return to_string(row.job) + " at " + std::to_string(row.transaction) + '.' + std::to_string(row.position);
}
std::string text_of(const JournalStub& row) {
  std::string text = "stub " + to_string(row.chain) + ' ' + std::to_string(row.first_seq) + " at " +
                     std::to_string(row.shard) + ' ' + std::to_string(row.transaction) + '.' +
                     std::to_string(row.position) + " removed " + std::to_string(row.removed);
  for (const Digest& hash : row.hashes) text += ' ' + to_hex(hash);
  return text;
}
std::string text_of(const SweepRow& row) {
  const Checkpoint& at = row.checkpoint;
  return "sweep " + std::to_string(row.shard) + ' ' + std::to_string(row.transaction) + '.' +
         std::to_string(row.position) + ' ' + std::to_string(row.stubs) + ' ' + std::to_string(row.kept) +
         (row.is_clean ? " clean" : "") + " checkpoint " + std::to_string(at.transaction) + ' ' + to_hex(at.head) +
         ' ' + std::to_string(at.chain_seq) + ' ' + to_hex(at.chain_head) + ' ' + to_hex(at.survivors) + ' ' +
         std::to_string(at.recorded);
}
std::string text_of(const std::pair<Digest, Timestamp>& answer) {
  return to_hex(answer.first) + ' ' + format_rfc3339(answer.second);
}
std::string text_of(const JobId& id) { return to_string(id); }
std::string text_of(const CommitReply& reply) {
  std::string text = "status " + std::to_string(static_cast<int>(reply.status));
  for (const auto& duplicate : reply.duplicates)
    text += " duplicate " + std::to_string(duplicate.change) + ' ' + text_of(duplicate.job_key) +
            text_of(duplicate.idempotency);
  for (std::size_t change : reply.stale) text += " stale " + std::to_string(change);
  return text;
}

Digest make_digest(std::uint32_t number) {
  Digest digest{};
  for (std::size_t i = 0; i < 4; ++i) digest[28 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  digest[0] = 0xAB;
  return digest;
}

Timestamp time_of(std::uint32_t number) { return make_id<JobId>(number).created_at(); }

JobRow make_job(std::uint32_t number, Slot slot) {
  JobRow job;
  job.id = make_id<JobId>(number, slot);
  job.client_id = "client";
  job.workflow_key = "poster";
  job.workflow_version = 3;
  job.created_at = time_of(number);
  job.spec = Document(R"({"inputs":{"n":)" + std::to_string(number) + "}}");
  job.last_seq = 1;
  job.head = make_digest(number);
  job.run = job.id.as<RunId>();
  job.state = std::string("state\0of", 8) + std::to_string(number);
  job.run_workflow_version = 3;
  job.updated_at = job.created_at;
  return job;
}

JobUpdate make_update(const JobRow& job, Status status) {
  JobUpdate update;
  update.id = job.id;
  update.expected_seq = job.last_seq;
  update.status = status;
  update.last_seq = job.last_seq + 2;
  update.head = make_digest(static_cast<std::uint32_t>(job.last_seq) + 1000);
  update.run = job.run;
  update.state = "moved";
  update.run_workflow_version = 4;
  update.updated_at = job.updated_at + Millis(5);
  if (status == Status::success) update.outputs = Document(R"({"ok":true})");
  if (status == Status::failed || status == Status::cancelled) update.error = Document(R"({"code":"poison"})");
  return update;
}

ResultRow make_result(const RunId& run, ItemIndex item, AttemptNumber attempt) {
  ResultRow result;
  result.task.run = run;
  result.task.step = 2;
  result.task.item = item;
  result.task.attempt = attempt;
  result.worker = "worker";
  result.started_at = time_of(item);
  result.ended_at = time_of(item + 1);
  result.outputs = Document("{}");
  return result;
}

AssetRow make_asset(const JobRow& job, std::uint32_t number) {
  AssetRow asset;
  asset.id = make_id<AssetId>(number, job.id.slot());
  asset.job = job.id;
  asset.run = job.run;
  asset.step = "render";
  asset.ordinal = number;
  asset.name = "poster.png";
  asset.media_type = "image/png";
  asset.bytes = 5'000'000'000;
  asset.sha256 = make_digest(number);
  asset.width = 4'000'000'000;
  asset.created_at = time_of(number);
  return asset;
}

ReviewRow make_review(const RunId& run, std::uint32_t asset, const std::string& reviewer) {
  return {run, make_id<AssetId>(asset, run.slot()), reviewer, asset % 2 == 0, "notes of " + reviewer, time_of(asset)};
}

SettingRow make_setting(const std::string& id, std::uint32_t number) {
  return {"schedule", id, Document("{\"number\":" + std::to_string(number) + "}"), time_of(number)};
}

StoreDriver::StoreDriver(Store& store, std::size_t readers)
    : writer_(store.writer().value()), reader_(store.reader(readers).value()) {
  acquire();
}

void StoreDriver::acquire(const std::string& owner) {
  std::vector<ShardId> all;
  for (ShardId shard = 0; shard < kShardCount; ++shard) all.push_back(shard);
  const auto states = writer_->acquire(all, owner);
  TROUPE_ASSERT(states.ok() && states->size() == kShardCount, "the test can take its shards");
  for (const ShardState& state : *states) shards_[state.shard] = state;
}

Commit StoreDriver::make_commit(std::vector<Change> changes, ShardId shard) const {
  const ShardState& state = shards_.at(shard);
  const auto next = static_cast<std::uint32_t>(state.seq + 1);
  Commit commit;
  commit.shards.push_back(
      {shard, state.epoch, state.seq, make_digest(next), state.low_water, state.chain_seq, state.chain_head});
  std::uint32_t position = 0;
  for (Change& change : changes) {
    if (!change.journal) continue;
    change.journal->shard = shard;
    change.journal->transaction = next;
    change.journal->position = position++;
  }
  commit.changes = std::move(changes);
  return commit;
}

void StoreDriver::follow(const Commit& commit) {
  for (const ShardAdvance& advance : commit.shards) {
    ++shards_[advance.shard].seq;
    shards_[advance.shard].head = advance.head;
  }
}

CommitReply StoreDriver::commit(std::vector<Change> changes, ShardId shard) {
  const Commit commit = make_commit(std::move(changes), shard);
  CommitReply reply = writer_->commit(commit);
  if (reply.status == CommitStatus::committed) follow(commit);
  return reply;
}

}  // namespace troupe::test
