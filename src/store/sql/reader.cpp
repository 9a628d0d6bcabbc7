#include "store_sql/reader.hpp"

#include "store_sql/job_select.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store {
namespace {

std::int64_t page(std::size_t rows) { return static_cast<std::int64_t>(rows); }

std::string select_from(const Table& table) {
  return "SELECT " + columns_of(table) + " FROM " + std::string(table.name);
}

JobId take_job_id(FieldSource& from) { return from.id<JobId>(); }

std::pair<Digest, Timestamp> take_answer(FieldSource& from) {
  const Digest scope = from.digest();
  return {scope, from.time()};
}

std::pair<AssetId, Digest> take_asset_blob(FieldSource& from) {
  const AssetId id = from.id<AssetId>();
  return {id, from.digest()};
}

StoreReader::ResultBlobs take_result_blobs(FieldSource& from) {
  StoreReader::ResultBlobs row;
  row.task.run = from.id<RunId>();
  row.task.compensation = from.integer<int>() != 0;
  row.task.step = from.integer<StepIndex>();
  row.task.item = from.integer<ItemIndex>();
  row.task.attempt = from.integer<AttemptNumber>();
  row.outputs = from.optional_digest();
  row.log = from.optional_digest();
  return row;
}

std::string take_text(FieldSource& from) { return from.text(); }

StoreReader::Parked take_parked(FieldSource& from) {
  const JobId job = from.id<JobId>();
  return {job, from.time()};
}

WorkflowSummary take_workflow_summary(FieldSource& from) {
  WorkflowRow row = take_workflow(from);
  return {std::move(row), from.integer<int>() != 0};
}

std::string select_workflow_summaries() {
  return "SELECT " + columns_of(kWorkflowTable, "w.") +
         ", coalesce(f.disabled, 0) FROM workflow w LEFT JOIN workflow_flag f ON f.key = w.key ";
}

}  // namespace

template <class Row>
Result<std::vector<Row>> SqlReader::all(const Select& select, Row (*take)(FieldSource&)) {
  return pool_.with_session([&](Session& session) -> Result<std::vector<Row>> {
    std::vector<Row> rows;
    const auto read = [&](const RowView& view) {
      FieldSource source(view);
      rows.push_back(take(source));
      return source.sound();
    };
    if (auto done = session.select(select.sql, select.values, read); !done) return std::move(done).error();
    return rows;
  });
}

template <class Row>
Result<std::optional<Row>> SqlReader::one(const Select& select, Row (*take)(FieldSource&)) {
  auto rows = all(select, take);
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

Result<std::optional<JobRow>> SqlReader::job(const JobId& id) {
  return one({select_from(kJobTable) + " WHERE id = $1", {id.bytes}}, take_job);
}

Result<std::vector<JobId>> SqlReader::jobs_called(const std::string& job_id, const std::optional<std::string>& client) {
  if (client)
    return all({"SELECT id FROM job_key WHERE job_id = $1 AND client_id = $2", {job_id, *client}}, take_job_id);
  return all({"SELECT id FROM job_key WHERE job_id = $1 ORDER BY client_id LIMIT 2", {job_id}}, take_job_id);
}

Result<std::vector<JobRow>> SqlReader::jobs(const JobQuery& query) { return all(select_jobs(query), take_job); }

Result<std::optional<RunRecord>> SqlReader::run(const RunId& id) { return one(select_run(id), take_run_record); }

Result<std::vector<RunRecord>> SqlReader::runs(const RunQuery& query) {
  return all(select_runs(query), take_run_record);
}

Result<std::vector<ResultRow>> SqlReader::results(const RunId& run) {
  return all({select_from(kResultTable) + " WHERE run = $1 ORDER BY compensation, step, item, attempt", {run.bytes}},
             take_result);
}

Result<std::vector<AssetRow>> SqlReader::assets_of_run(const RunId& run) {
  return all({select_from(kAssetTable) + " WHERE run = $1 ORDER BY step, item, ordinal, id", {run.bytes}}, take_asset);
}

Result<std::optional<AssetRow>> SqlReader::asset(const AssetId& id) {
  return one({select_from(kAssetTable) + " WHERE id = $1", {id.bytes}}, take_asset);
}

Result<std::vector<ReviewRow>> SqlReader::reviews(const RunId& run) {
  return all({select_from(kReviewTable) + " WHERE run = $1 ORDER BY decided_at, asset, reviewer", {run.bytes}},
             take_review);
}

Result<std::vector<SettingRow>> SqlReader::settings(const std::string& kind) {
  return all({select_from(kSettingTable) + " WHERE kind = $1 ORDER BY id", {kind}}, take_setting);
}

Result<std::vector<JournalRow>> SqlReader::journal(const JournalQuery& query) {
  Select select;
  Conditions conditions;
  const std::string limit = select.place(page(query.rows));
  if (query.chain) conditions.add("chain = " + select.place(query.chain->bytes));
  if (query.from_seq > 0)
    conditions.add("first_seq + count > " + select.place(static_cast<std::int64_t>(query.from_seq)));
  if (query.after_first_seq > 0)
    conditions.add("first_seq > " + select.place(static_cast<std::int64_t>(query.after_first_seq)));
  select.sql = select_from(kJournalTable) + conditions.where() + " ORDER BY chain, first_seq LIMIT " + limit;
  return all(select, take_journal);
}

Result<std::vector<JournalRow>> SqlReader::journal_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                            std::uint32_t after_position, std::size_t rows) {
  return all({select_from(kJournalTable) + " WHERE place > $1 AND place <= $2 ORDER BY place LIMIT $3",
              {journal_place(shard, after_transaction, after_position), journal_place(shard, UINT64_MAX, UINT64_MAX),
               page(rows)}},
             take_journal);
}

Result<std::vector<JournalRow>> SqlReader::journal_of_shard_before(ShardId shard, std::uint64_t transaction,
                                                                   std::uint32_t position, std::size_t rows) {
  return all({select_from(kJournalTable) + " WHERE place < $1 AND place >= $2 ORDER BY place DESC LIMIT $3",
              {journal_place(shard, transaction, position), journal_place(shard, 0, 0), page(rows)}},
             take_journal);
}

Result<std::vector<WorkflowSummary>> SqlReader::workflows(const std::optional<std::string>& after_key, int limit) {
  return all({select_workflow_summaries() +
                  "WHERE w.key > $1 AND w.version = (SELECT max(v.version) FROM workflow v WHERE v.key = w.key)"
                  " ORDER BY w.key LIMIT $2",
              {after_key.value_or(""), page_limit(limit)}},
             take_workflow_summary);
}

Result<std::optional<WorkflowSummary>> SqlReader::workflow(const std::string& key, std::uint32_t version) {
  if (version == 0)
    return one({select_workflow_summaries() + "WHERE w.key = $1 ORDER BY w.version DESC LIMIT 1", {key}},
               take_workflow_summary);
  return one({select_workflow_summaries() + "WHERE w.key = $1 AND w.version = $2", {key, std::int64_t{version}}},
             take_workflow_summary);
}

Result<std::optional<IdempotencyRow>> SqlReader::idempotency(const Digest& scope) {
  return one({select_from(kIdempotencyTable) + " WHERE scope = $1", {BytesValue{std::string(as_view(scope))}}},
             take_idempotency);
}

Result<std::vector<ShardState>> SqlReader::shards() {
  return all({select_from(kShardTable) + " ORDER BY id", {}}, take_shard);
}

Result<std::vector<JobRow>> SqlReader::open_jobs(ShardId shard, const JobId& after, std::size_t rows) {
  // One lower bound, the higher of the two: SQLite walks the index from only one, and takes whichever.
  return all({"SELECT " + columns_of(kJobTable, "j.") +
                  " FROM job j CROSS JOIN slot_map m WHERE j.id <> $1 AND j.id >= "
                  "(SELECT CASE WHEN low_water > $1 THEN low_water ELSE $1 END FROM shard WHERE id = $2)"
                  " AND m.slot = j.slot AND m.shard = $2 AND j.status IN (0, 1)"
                  " AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.job = j.id) ORDER BY j.id LIMIT $3",
              {after.bytes, std::int64_t{shard}, page(rows)}},
             take_job);
}

Result<std::vector<StoreReader::Parked>> SqlReader::parked(ShardId shard, const Parked& after, Timestamp due_before,
                                                           std::size_t rows) {
  // kNever (0) waits for a person, not for a time.
  return all({"SELECT job, due FROM parked WHERE shard = $1 AND due > 0 AND (due, job) > ($2, $3) AND due < $4"
              " ORDER BY due, job LIMIT $5",
              {std::int64_t{shard}, to_unix_ms(after.due), after.job.bytes, to_unix_ms(due_before), page(rows)}},
             take_parked);
}

Result<std::vector<StoreReader::Accepted>> SqlReader::accepted_jobs(ShardId shard, std::uint64_t after_transaction,
                                                                    std::uint32_t after_position, std::size_t rows) {
  return all({"SELECT place, chain FROM journal WHERE place > $1 AND place <= $2 AND first_seq = 1 AND chain <> $3"
              " ORDER BY place LIMIT $4",
              {journal_place(shard, after_transaction, after_position), journal_place(shard, UINT64_MAX, UINT64_MAX),
               shard_chain(shard).bytes, page(rows)}},
             take_accepted);
}

Result<std::vector<JobId>> SqlReader::retained(ShardId shard, Timestamp due_before, std::size_t rows) {
  return all({"SELECT job FROM retained WHERE shard = $1 AND due < $2 ORDER BY due, job LIMIT $3",
              {std::int64_t{shard}, to_unix_ms(due_before), page(rows)}},
             take_job_id);
}

Result<std::vector<JournalStub>> SqlReader::stubs_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                           std::uint32_t after_position, std::size_t rows) {
  return all({select_from(kStubTable) + " WHERE place > $1 AND place <= $2 ORDER BY place LIMIT $3",
              {journal_place(shard, after_transaction, after_position), journal_place(shard, UINT64_MAX, UINT64_MAX),
               page(rows)}},
             take_stub);
}

Result<SweepRow> SqlReader::sweep(ShardId shard) {
  auto row = one({select_from(kSweepTable) + " WHERE shard = $1", {std::int64_t{shard}}}, take_sweep);
  if (!row) return std::move(row).error();
  SweepRow none;
  none.shard = shard;
  return row->value_or(none);
}

Result<std::vector<std::pair<Digest, Timestamp>>> SqlReader::answers(const Digest& after, std::size_t rows) {
  return all({"SELECT scope, created_at FROM idempotency WHERE scope > $1 ORDER BY scope LIMIT $2",
              {BytesValue{std::string(as_view(after))}, page(rows)}},
             take_answer);
}

Result<std::vector<std::pair<AssetId, Digest>>> SqlReader::asset_blobs(const AssetId& after, std::size_t rows) {
  return all({"SELECT id, sha256 FROM asset WHERE id > $1 ORDER BY id LIMIT $2", {after.bytes, page(rows)}},
             take_asset_blob);
}

Result<std::vector<StoreReader::ResultBlobs>> SqlReader::result_blobs(const TaskKey& after, std::size_t rows) {
  return all({"SELECT run, compensation, step, item, attempt, outputs_blob, log_blob FROM step_result"
              " WHERE (run, compensation, step, item, attempt) > ($1, $2, $3, $4, $5)"
              " AND (outputs_blob IS NOT NULL OR log_blob IS NOT NULL)"
              " ORDER BY run, compensation, step, item, attempt LIMIT $6",
              {after.run.bytes, std::int64_t{after.compensation}, std::int64_t{after.step}, std::int64_t{after.item},
               std::int64_t{after.attempt}, page(rows)}},
             take_result_blobs);
}

Result<std::string> SqlReader::store_id() {
  auto id = one({"SELECT store_id FROM meta", {}}, take_text);
  if (!id) return std::move(id).error();
  return id->value_or("");
}

Result<Done> SqlReader::ping() {
  return pool_.with_session(
      [](Session& session) { return session.select("SELECT 1", {}, [](const RowView&) { return true; }); });
}

}  // namespace troupe::store
