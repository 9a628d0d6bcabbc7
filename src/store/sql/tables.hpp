// The tables, field by field: the order in which a row's fields are bound and read, in one place for both databases.
// The CREATE TABLE statements are the engines' own (sqlite/migrations.cpp, postgres/migrations.cpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store_sql/fields.hpp"
#include "troupe/port/store.hpp"

namespace troupe::store {

struct Field {
  std::string_view name;
  FieldType type;
};

struct Table {
  std::string_view name;
  std::span<const Field> fields;
};

/// `id, client_id, …`, each with the prefix (`j.id, j.client_id, …`).
std::string columns_of(const Table& table, std::string_view prefix = "");

extern const Table kJobTable, kJournalTable, kJobKeyTable, kIdempotencyTable, kResultTable, kAssetTable, kReviewTable,
    kSettingTable, kRunTable, kRunArchiveTable, kNotableTable, kWorkflowTable, kShardTable, kStubTable, kRetainedTable,
    kSweepTable;
/// What is bound for statements that are no plain inserts: the table's name is that of what they change.
extern const Table kShardAdvanceFields, kWorkflowFlagFields, kSettingKeyFields, kRemovalFields, kJobNameFields,
    kResultLogFields;

/// A job that waits. Its shard is looked up by its slot.
struct ParkRow {
  JobId job;
  Timestamp due;
};
struct WorkflowFlagRow {
  std::string key;
  bool disabled = false;
};

void put(FieldSink& to, const JobRow& row);
void put(FieldSink& to, const JobUpdate& row);
void put(FieldSink& to, const JournalRow& row);
void put(FieldSink& to, const JobKeyRow& row);
void put(FieldSink& to, const IdempotencyRow& row);
void put(FieldSink& to, const ResultRow& row);
void put(FieldSink& to, const ResultLog& log);
void put(FieldSink& to, const AssetRow& row);
void put(FieldSink& to, const ReviewRow& row);
void put(FieldSink& to, const SettingRow& row);
void put_key(FieldSink& to, const SettingRow& row);
void put(FieldSink& to, const RunRow& row);
void put(FieldSink& to, const RunArchive& row);
void put(FieldSink& to, const NotableRow& row);
void put(FieldSink& to, const WorkflowRow& row);
void put(FieldSink& to, const ParkRow& row);
void put(FieldSink& to, const WorkflowFlagRow& row);
void put(FieldSink& to, const ShardAdvance& row);
void put(FieldSink& to, const JournalStub& row);
void put(FieldSink& to, const RetainedRow& row, ShardId shard);
void put(FieldSink& to, const SweepRow& row);
/// A job and its expected seq; a job and the name that its client gave it.
void put_removal(FieldSink& to, const Removal& row);
void put_job_name(FieldSink& to, const Removal& row);

JobRow take_job(FieldSource& from);
JournalRow take_journal(FieldSource& from);
/// Where a journal row stands among all of them: by shard, transaction and position, in one number, so that one small
/// key gives that order. What is too great for it (2^39 transactions of 2^20 rows) counts as the greatest.
std::int64_t journal_place(ShardId shard, std::uint64_t transaction, std::uint64_t position);
JournalStub take_stub(FieldSource& from);
SweepRow take_sweep(FieldSource& from);
StoreReader::Accepted take_accepted(FieldSource& from);
inline std::int64_t place_of(const JournalPlace& at) { return journal_place(at.shard, at.transaction, at.position); }
JobKeyRow take_job_key(FieldSource& from);
IdempotencyRow take_idempotency(FieldSource& from);
ResultRow take_result(FieldSource& from);
AssetRow take_asset(FieldSource& from);
ReviewRow take_review(FieldSource& from);
SettingRow take_setting(FieldSource& from);
RunArchive take_run_archive(FieldSource& from);
WorkflowRow take_workflow(FieldSource& from);
ShardState take_shard(FieldSource& from);

}  // namespace troupe::store
