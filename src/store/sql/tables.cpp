#include "store_sql/tables.hpp"

#include <cstring>

#include "store_sql/journal_bytes.hpp"

namespace troupe::store {
namespace {

using enum FieldType;

constexpr Field kJobFields[] = {{"id", uuid},
                                {"slot", integer},
                                {"client_id", text},
                                {"job_id", text},
                                {"workflow_key", text},
                                {"workflow_version", integer},
                                {"user_id", text},
                                {"priority", integer},
                                {"created_at", integer},
                                {"spec", bytes},
                                {"status", integer},
                                {"last_seq", integer},
                                {"head", bytes},
                                {"run", uuid},
                                {"state", bytes},
                                {"run_workflow_version", integer},
                                {"updated_at", integer},
                                {"outputs", bytes},
                                {"error", bytes}};
constexpr Field kJournalFields[] = {
    {"place", integer}, {"chain", uuid}, {"first_seq", integer}, {"count", integer}, {"records", bytes}};
constexpr Field kJobKeyFields[] = {{"job_id", text}, {"client_id", text}, {"id", uuid}, {"request", bytes}};
constexpr Field kIdempotencyFields[] = {
    {"scope", bytes}, {"request", bytes}, {"status", integer}, {"answer", bytes}, {"created_at", integer}};
constexpr Field kResultFields[] = {{"run", uuid},
                                   {"compensation", integer},
                                   {"step", integer},
                                   {"item", integer},
                                   {"attempt", integer},
                                   {"epoch", integer},
                                   {"status", integer},
                                   {"worker", text},
                                   {"started_at", integer},
                                   {"ended_at", integer},
                                   {"outputs", bytes},
                                   {"outputs_blob", bytes},
                                   {"outputs_bytes", integer},
                                   {"error", bytes},
                                   {"log", bytes},
                                   {"log_blob", bytes},
                                   {"log_bytes", integer}};
constexpr Field kResultLog[] = {{"run", uuid},     {"compensation", integer}, {"step", integer},
                                {"item", integer}, {"attempt", integer},      {"epoch", integer},
                                {"log", bytes},    {"log_blob", bytes},       {"log_bytes", integer}};
constexpr Field kAssetFields[] = {
    {"id", uuid},         {"job", uuid},       {"run", uuid},          {"step", text},     {"item", integer},
    {"ordinal", integer}, {"name", text},      {"media_type", text},   {"bytes", integer}, {"sha256", bytes},
    {"width", integer},   {"height", integer}, {"created_at", integer}};
constexpr Field kReviewFields[] = {{"run", uuid},         {"asset", uuid}, {"reviewer", text},
                                   {"approved", integer}, {"notes", text}, {"decided_at", integer}};
constexpr Field kSettingFields[] = {{"kind", text}, {"id", text}, {"document", bytes}, {"updated_at", integer}};
constexpr Field kRunFields[] = {{"id", uuid}, {"job", uuid}, {"number", integer}, {"inputs", bytes}};
constexpr Field kRunArchiveFields[] = {
    {"id", uuid},     {"job", uuid},      {"number", integer}, {"status", integer}, {"workflow_version", integer},
    {"state", bytes}, {"outputs", bytes}, {"error", bytes}};
constexpr Field kNotableFields[] = {{"kind", integer}, {"job", uuid}};
constexpr Field kWorkflowFields[] = {{"key", text},         {"version", integer},    {"digest", bytes},
                                     {"definition", bytes}, {"created_at", integer}, {"created_by", text}};
constexpr Field kShardFields[] = {{"id", integer},     {"epoch", integer},     {"seq", integer},      {"head", bytes},
                                  {"low_water", uuid}, {"chain_seq", integer}, {"chain_head", bytes}, {"owner", text}};
constexpr Field kStubFields[] = {
    {"place", integer}, {"chain", uuid}, {"first_seq", integer}, {"removed", integer}, {"hashes", bytes}};
constexpr Field kRetainedFields[] = {{"job", uuid}, {"due", integer}, {"shard", integer}};
constexpr Field kSweepFields[] = {{"shard", integer},     {"swept", integer},      {"stubs", integer},
                                  {"kept_rows", integer}, {"checkpoint", integer}, {"head", bytes},
                                  {"chain_seq", integer}, {"chain_head", bytes},   {"kept", bytes},
                                  {"recorded", integer},  {"clean", integer}};
constexpr Field kRemoval[] = {{"id", uuid}, {"expected_seq", integer}};
constexpr Field kJobName[] = {{"job_id", text}, {"client_id", text}, {"id", uuid}};
constexpr Field kWorkflowFlag[] = {{"key", text}, {"disabled", integer}};

}  // namespace

const Table kJobTable{"job", kJobFields};
const Table kJournalTable{"journal", kJournalFields};
const Table kJobKeyTable{"job_key", kJobKeyFields};
const Table kIdempotencyTable{"idempotency", kIdempotencyFields};
const Table kResultTable{"step_result", kResultFields};
const Table kAssetTable{"asset", kAssetFields};
const Table kReviewTable{"review", kReviewFields};
const Table kSettingTable{"setting", kSettingFields};
// Its key, by which it is removed.
const Table kSettingKeyFields{"setting", std::span(kSettingFields).first(2)};
const Table kRunTable{"run", kRunFields};
const Table kRunArchiveTable{"run_archive", kRunArchiveFields};
const Table kNotableTable{"notable", kNotableFields};
const Table kWorkflowTable{"workflow", kWorkflowFields};
const Table kShardTable{"shard", kShardFields};
const Table kStubTable{"journal_stub", kStubFields};
const Table kRetainedTable{"retained", kRetainedFields};
const Table kSweepTable{"sweep", kSweepFields};
const Table kResultLogFields{"step_result", kResultLog};
const Table kRemovalFields{"job", kRemoval};
const Table kJobNameFields{"job_key", kJobName};
// The first seven fields of a shard; its owner changes only by acquire.
const Table kShardAdvanceFields{"shard", std::span(kShardFields).first(7)};
const Table kWorkflowFlagFields{"workflow_flag", kWorkflowFlag};

std::string columns_of(const Table& table, std::string_view prefix) {
  std::string columns;
  for (const Field& field : table.fields) {
    if (!columns.empty()) columns += ", ";
    columns.append(prefix).append(field.name);
  }
  return columns;
}

void put(FieldSink& to, const JobRow& row) {
  to.id(row.id);
  to.integer(row.id.slot());
  to.text(row.client_id);
  to.text(row.job_id);
  to.text(row.workflow_key);
  to.integer(row.workflow_version);
  to.text(row.user_id);
  to.integer(row.priority);
  to.time(row.created_at);
  to.document(row.spec);
  to.integer(static_cast<std::int64_t>(row.status));
  to.unsigned_integer(row.last_seq);
  to.digest(row.head);
  to.id(row.run);
  to.bytes(row.state);
  to.integer(row.run_workflow_version);
  to.time(row.updated_at);
  to.document(row.outputs);
  to.document(row.error);
}

JobRow take_job(FieldSource& from) {
  JobRow row;
  row.id = from.id<JobId>();
  from.integer<Slot>();  // part of the id
  row.client_id = from.text();
  row.job_id = from.text();
  row.workflow_key = from.text();
  row.workflow_version = from.integer<std::uint32_t>();
  row.user_id = from.text();
  row.priority = from.integer<std::uint8_t>();
  row.created_at = from.time();
  row.spec = from.document();
  row.status = from.enumerator(Status::skipped);
  row.last_seq = from.integer<std::uint64_t>();
  row.head = from.digest();
  row.run = from.id<RunId>();
  row.state = from.text();
  row.run_workflow_version = from.integer<std::uint32_t>();
  row.updated_at = from.time();
  row.outputs = from.document();
  row.error = from.document();
  return row;
}

void put(FieldSink& to, const JobUpdate& row) {
  to.id(row.id);
  to.unsigned_integer(row.expected_seq);
  to.integer(static_cast<std::int64_t>(row.status));
  to.unsigned_integer(row.last_seq);
  to.digest(row.head);
  to.id(row.run);
  to.bytes(row.state);
  to.integer(row.run_workflow_version);
  to.time(row.updated_at);
  to.document(row.outputs);
  to.document(row.error);
}

namespace {

constexpr int kTransactionBits = 39, kPositionBits = 20;
static_assert(kShardCount <= 16 && limits::kCommitChanges < (1U << kPositionBits), "a place has room for both");

}  // namespace

std::int64_t journal_place(ShardId shard, std::uint64_t transaction, std::uint64_t position) {
  const std::uint64_t low = std::min(position, (std::uint64_t{1} << kPositionBits) - 1);
  const std::uint64_t middle = std::min(transaction, (std::uint64_t{1} << kTransactionBits) - 1);
  return static_cast<std::int64_t>((std::uint64_t{shard} << (kTransactionBits + kPositionBits)) |
                                   (middle << kPositionBits) | low);
}

void put(FieldSink& to, const JournalRow& row) {
  to.integer(journal_place(row.shard, row.transaction, row.position));
  to.id(row.chain);
  to.unsigned_integer(row.first_seq);
  to.integer(row.count);
  to.bytes(pack_records(row.records));
}

namespace {

/// Where a place lies; the opposite of journal_place.
template <class Row>
void take_place(FieldSource& from, Row& row) {
  const auto place = from.integer<std::uint64_t>();
  row.shard = static_cast<ShardId>(place >> (kTransactionBits + kPositionBits));
  row.transaction = (place >> kPositionBits) & ((std::uint64_t{1} << kTransactionBits) - 1);
  row.position = static_cast<std::uint32_t>(place & ((1U << kPositionBits) - 1));
}

}  // namespace

JournalRow take_journal(FieldSource& from) {
  JournalRow row;
  take_place(from, row);
  row.chain = from.id<ChainId>();
  row.first_seq = from.integer<std::uint64_t>();
  row.count = from.integer<std::uint32_t>();
  row.records = unpack_records(from.text());
  return row;
}

void put(FieldSink& to, const JournalStub& row) {
  to.integer(journal_place(row.shard, row.transaction, row.position));
  to.id(row.chain);
  to.unsigned_integer(row.first_seq);
  to.unsigned_integer(row.removed);
  static_assert(sizeof(Digest) == 32, "digests lie in a vector without gaps");
  to.bytes(std::string_view(reinterpret_cast<const char*>(row.hashes.data()), row.hashes.size() * sizeof(Digest)));
}

JournalStub take_stub(FieldSource& from) {
  JournalStub row;
  take_place(from, row);
  row.chain = from.id<ChainId>();
  row.first_seq = from.integer<std::uint64_t>();
  row.removed = from.integer<std::uint64_t>();
  const std::string hashes = from.text();
  row.hashes.resize(hashes.size() / sizeof(Digest));
  std::memcpy(row.hashes.data(), hashes.data(), row.hashes.size() * sizeof(Digest));
  return row;
}

void put(FieldSink& to, const RetainedRow& row, ShardId shard) {
  to.id(row.job);
  to.time(row.due);
  to.integer(shard);
}

void put(FieldSink& to, const SweepRow& row) {
  to.integer(row.shard);
  to.integer(journal_place(row.shard, row.transaction, row.position));
  to.unsigned_integer(row.stubs);
  to.unsigned_integer(row.kept);
  to.unsigned_integer(row.checkpoint.transaction);
  to.digest(row.checkpoint.head);
  to.unsigned_integer(row.checkpoint.chain_seq);
  to.digest(row.checkpoint.chain_head);
  to.digest(row.checkpoint.survivors);
  to.unsigned_integer(row.checkpoint.recorded);
  to.integer(row.is_clean);
}

SweepRow take_sweep(FieldSource& from) {
  SweepRow row;
  from.integer<ShardId>();  // part of the place
  take_place(from, row);
  row.stubs = from.integer<std::uint64_t>();
  row.kept = from.integer<std::uint64_t>();
  row.checkpoint.transaction = from.integer<std::uint64_t>();
  row.checkpoint.head = from.digest();
  row.checkpoint.chain_seq = from.integer<std::uint64_t>();
  row.checkpoint.chain_head = from.digest();
  row.checkpoint.survivors = from.digest();
  row.checkpoint.recorded = from.integer<std::uint64_t>();
  row.is_clean = from.integer<int>() != 0;
  return row;
}

StoreReader::Accepted take_accepted(FieldSource& from) {
  struct {
    ShardId shard;
    std::uint64_t transaction;
    std::uint32_t position;
  } place{};
  take_place(from, place);
  return {from.id<JobId>(), place.transaction, place.position};
}

void put_removal(FieldSink& to, const Removal& row) {
  to.id(row.job);
  to.unsigned_integer(row.expected_seq);
}

void put_job_name(FieldSink& to, const Removal& row) {
  to.text(row.job_id);
  to.text(row.client_id);
  to.id(row.job);
}

void put(FieldSink& to, const JobKeyRow& row) {
  to.text(row.job_id);
  to.text(row.client_id);
  to.id(row.id);
  to.digest(row.request);
}

JobKeyRow take_job_key(FieldSource& from) {
  JobKeyRow row;
  row.job_id = from.text();
  row.client_id = from.text();
  row.id = from.id<JobId>();
  row.request = from.digest();
  return row;
}

void put(FieldSink& to, const IdempotencyRow& row) {
  to.digest(row.scope);
  to.digest(row.request);
  to.integer(row.status);
  to.bytes(row.answer);
  to.time(row.created_at);
}

IdempotencyRow take_idempotency(FieldSource& from) {
  IdempotencyRow row;
  row.scope = from.digest();
  row.request = from.digest();
  row.status = from.integer<int>();
  row.answer = from.text();
  row.created_at = from.time();
  return row;
}

namespace {

void put(FieldSink& to, const TaskKey& task) {
  to.id(task.run);
  to.integer(task.compensation);
  to.integer(task.step);
  to.integer(task.item);
  to.integer(task.attempt);
  to.integer(task.epoch);
}

}  // namespace

void put(FieldSink& to, const ResultLog& log) {
  put(to, log.task);
  to.bytes(log.log);
  to.digest(log.log_blob);
  to.unsigned_integer(log.log_bytes);
}

void put(FieldSink& to, const ResultRow& row) {
  put(to, row.task);
  to.integer(static_cast<std::int64_t>(row.status));
  to.text(row.worker);
  to.time(row.started_at);
  to.time(row.ended_at);
  to.document(row.outputs);
  to.digest(row.outputs_blob);
  to.unsigned_integer(row.outputs_bytes);
  to.document(row.error);
  to.bytes(row.log);
  to.digest(row.log_blob);
  to.unsigned_integer(row.log_bytes);
}

ResultRow take_result(FieldSource& from) {
  ResultRow row;
  row.task.run = from.id<RunId>();
  row.task.compensation = from.integer<int>() != 0;
  row.task.step = from.integer<StepIndex>();
  row.task.item = from.integer<ItemIndex>();
  row.task.attempt = from.integer<AttemptNumber>();
  row.task.epoch = from.integer<std::uint16_t>();
  row.status = from.enumerator(Status::skipped);
  row.worker = from.text();
  row.started_at = from.time();
  row.ended_at = from.time();
  row.outputs = from.document();
  row.outputs_blob = from.optional_digest();
  row.outputs_bytes = from.integer<std::uint64_t>();
  row.error = from.document();
  row.log = from.text();
  row.log_blob = from.optional_digest();
  row.log_bytes = from.integer<std::uint64_t>();
  return row;
}

void put(FieldSink& to, const AssetRow& row) {
  to.id(row.id);
  to.id(row.job);
  to.id(row.run);
  to.text(row.step);
  to.integer(row.item);
  to.integer(row.ordinal);
  to.text(row.name);
  to.text(row.media_type);
  to.unsigned_integer(row.bytes);
  to.digest(row.sha256);
  to.integer(row.width);
  to.integer(row.height);
  to.time(row.created_at);
}

AssetRow take_asset(FieldSource& from) {
  AssetRow row;
  row.id = from.id<AssetId>();
  row.job = from.id<JobId>();
  row.run = from.id<RunId>();
  row.step = from.text();
  row.item = from.integer<ItemIndex>();
  row.ordinal = from.integer<std::uint32_t>();
  row.name = from.text();
  row.media_type = from.text();
  row.bytes = from.integer<std::uint64_t>();
  row.sha256 = from.digest();
  row.width = from.integer<std::uint32_t>();
  row.height = from.integer<std::uint32_t>();
  row.created_at = from.time();
  return row;
}

void put(FieldSink& to, const ReviewRow& row) {
  to.id(row.run);
  to.id(row.asset);
  to.text(row.reviewer);
  to.integer(row.approved);
  to.text(row.notes);
  to.time(row.decided_at);
}

ReviewRow take_review(FieldSource& from) {
  ReviewRow row;
  row.run = from.id<RunId>();
  row.asset = from.id<AssetId>();
  row.reviewer = from.text();
  row.approved = from.integer<int>() != 0;
  row.notes = from.text();
  row.decided_at = from.time();
  return row;
}

void put(FieldSink& to, const SettingRow& row) {
  put_key(to, row);
  to.document(row.document);
  to.time(row.updated_at);
}

void put_key(FieldSink& to, const SettingRow& row) {
  to.text(row.kind);
  to.text(row.id);
}

SettingRow take_setting(FieldSource& from) {
  SettingRow row;
  row.kind = from.text();
  row.id = from.text();
  row.document = from.document();
  row.updated_at = from.time();
  return row;
}

void put(FieldSink& to, const RunRow& row) {
  to.id(row.id);
  to.id(row.job);
  to.integer(row.number);
  to.document(row.inputs);
}

void put(FieldSink& to, const RunArchive& row) {
  to.id(row.id);
  to.id(row.job);
  to.integer(row.number);
  to.integer(static_cast<std::int64_t>(row.status));
  to.integer(row.workflow_version);
  to.bytes(row.state);
  to.document(row.outputs);
  to.document(row.error);
}

RunArchive take_run_archive(FieldSource& from) {
  RunArchive row;
  row.id = from.id<RunId>();
  row.job = from.id<JobId>();
  row.number = from.integer<std::uint32_t>();
  row.status = from.enumerator(Status::skipped);
  row.workflow_version = from.integer<std::uint32_t>();
  row.state = from.text();
  row.outputs = from.document();
  row.error = from.document();
  return row;
}

void put(FieldSink& to, const NotableRow& row) {
  to.integer(static_cast<std::int64_t>(row.kind));
  to.id(row.job);
}

void put(FieldSink& to, const WorkflowRow& row) {
  to.text(row.key);
  to.integer(row.version);
  to.digest(row.digest);
  to.bytes(row.definition);
  to.time(row.created_at);
  to.text(row.created_by);
}

WorkflowRow take_workflow(FieldSource& from) {
  WorkflowRow row;
  row.key = from.text();
  row.version = from.integer<std::uint32_t>();
  row.digest = from.digest();
  row.definition = from.text();
  row.created_at = from.time();
  row.created_by = from.text();
  return row;
}

void put(FieldSink& to, const ParkRow& row) {
  to.id(row.job);
  to.time(row.due);
  to.integer(row.job.slot());
}

void put(FieldSink& to, const WorkflowFlagRow& row) {
  to.text(row.key);
  to.integer(row.disabled);
}

void put(FieldSink& to, const ShardAdvance& row) {
  to.integer(row.shard);
  to.unsigned_integer(row.epoch);
  to.unsigned_integer(row.seq);
  to.digest(row.head);
  to.id(row.low_water);
  to.unsigned_integer(row.chain_seq);
  to.digest(row.chain_head);
}

ShardState take_shard(FieldSource& from) {
  ShardState row;
  row.shard = from.integer<ShardId>();
  row.epoch = from.integer<std::uint64_t>();
  row.seq = from.integer<std::uint64_t>();
  row.head = from.digest();
  row.low_water = from.id<JobId>();
  row.chain_seq = from.integer<std::uint64_t>();
  row.chain_head = from.digest();
  row.owner = from.text();
  return row;
}

}  // namespace troupe::store
