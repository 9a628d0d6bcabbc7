#include "store_postgres/statements.hpp"

namespace troupe::store::postgres {
namespace {

constexpr Field kUnpark[] = {{"job", FieldType::uuid}};
const Table kUnparkFields{"parked", kUnpark};

constexpr std::array<const char*, kKinds> kNames = {
    "advance_shards",  "insert_job_keys",  "insert_idempotency", "update_jobs", "insert_jobs",
    "insert_journal",  "insert_results",   "insert_assets",      "insert_runs", "insert_run_archives",
    "insert_notables", "insert_workflows", "set_workflow_flags", "unpark",      "park"};

/// `unnest($1, $2, …) AS u (name, …)`
std::string rows_of(const Table& table) {
  std::string places;
  for (std::size_t i = 1; i <= table.fields.size(); ++i) places += (i > 1 ? ", $" : "$") + std::to_string(i);
  return "unnest(" + places + ") AS u (" + columns_of(table) + ")";
}

std::string insert_into(const Table& table) {
  return "INSERT INTO " + std::string(table.name) + " (" + columns_of(table) + ") SELECT * FROM " + rows_of(table);
}

std::string sql_of(Kind kind) {
  const Table& fields = fields_of(kind);
  switch (kind) {
    case Kind::advance_shards:  // the rows are locked in the order given: ascending, so that two nodes cannot deadlock
      return "UPDATE shard s SET seq = s.seq + 1, head = u.head, low_water = u.low_water, chain_seq = u.chain_seq,"
             " chain_head = u.chain_head FROM " +
             rows_of(fields) +
             " WHERE s.id = u.id AND s.epoch = u.epoch AND s.seq = u.seq"
             " RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    case Kind::update_jobs:
      return "UPDATE job j SET status = u.status, last_seq = u.last_seq, head = u.head, run = u.run, state = u.state,"
             " run_workflow_version = u.run_workflow_version, updated_at = u.updated_at, outputs = u.outputs,"
             " error = u.error FROM " +
             rows_of(fields) +
             " WHERE j.id = u.id AND j.last_seq = u.expected_seq"
             " RETURNING j.id";
    case Kind::insert_job_keys:
    case Kind::insert_idempotency:
    case Kind::insert_results:
    case Kind::insert_notables: return insert_into(fields) + " ON CONFLICT DO NOTHING";
    case Kind::set_workflow_flags:
      return insert_into(fields) + " ON CONFLICT (key) DO UPDATE SET disabled = excluded.disabled";
    case Kind::unpark: return "DELETE FROM parked WHERE job = ANY ($1)";
    case Kind::park:
      return "INSERT INTO parked (job, due, shard) SELECT u.job, u.due, m.shard FROM " + rows_of(fields) +
             " JOIN slot_map m ON m.slot = u.slot";
    default: return insert_into(fields);
  }
}

std::string prefixed_join(const Table& table, std::size_t keys) {
  std::string on, places, names;
  for (std::size_t i = 0; i < keys; ++i) {
    const std::string name(table.fields[i].name);
    on += (i > 0 ? " AND t." : "t.") + name + " = u." + name;
    places += (i > 0 ? ", $" : "$") + std::to_string(i + 1);
    names += (i > 0 ? ", " : "") + name;
  }
  return "SELECT " + columns_of(table, "t.") + " FROM unnest(" + places + ") AS u (" + names + ") JOIN " +
         std::string(table.name) + " t ON " + on;
}

std::vector<Parameter> array_types(const Table& table, std::size_t count) {
  std::vector<Parameter> types;
  for (std::size_t i = 0; i < count; ++i) types.push_back({array_type(table.fields[i].type), {}});
  return types;
}

}  // namespace

const Table& fields_of(Kind kind) {
  switch (kind) {
    case Kind::advance_shards: return kShardAdvanceFields;
    case Kind::insert_job_keys: return kJobKeyTable;
    case Kind::insert_idempotency: return kIdempotencyTable;
    case Kind::update_jobs: return kJobUpdateFields;
    case Kind::insert_jobs: return kJobTable;
    case Kind::insert_journal: return kJournalTable;
    case Kind::insert_results: return kResultTable;
    case Kind::insert_assets: return kAssetTable;
    case Kind::insert_runs: return kRunTable;
    case Kind::insert_run_archives: return kRunArchiveTable;
    case Kind::insert_notables: return kNotableTable;
    case Kind::insert_workflows: return kWorkflowTable;
    case Kind::set_workflow_flags: return kWorkflowFlagFields;
    case Kind::unpark: return kUnparkFields;
    case Kind::park: break;
  }
  return kParkFields;
}

std::string name_of(Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::vector<Request> prepare_requests() {
  std::vector<Request> requests;
  for (std::size_t i = 0; i < kKinds; ++i) {
    const Kind kind = static_cast<Kind>(i);
    const Table& fields = fields_of(kind);
    requests.push_back(
        {Request::Kind::prepare, name_of(kind), sql_of(kind), array_types(fields, fields.fields.size())});
  }
  requests.push_back(
      {Request::Kind::prepare, kFindJobKeys, prefixed_join(kJobKeyTable, 2), array_types(kJobKeyTable, 2)});
  requests.push_back({Request::Kind::prepare, kFindIdempotency, prefixed_join(kIdempotencyTable, 1),
                      array_types(kIdempotencyTable, 1)});
  requests.push_back(
      {Request::Kind::prepare,
       kAcquireShard,
       "UPDATE shard SET epoch = epoch + 1, owner = $2 WHERE id = $1 RETURNING " + columns_of(kShardTable),
       {{scalar_type(FieldType::integer), {}}, {scalar_type(FieldType::text), {}}}});
  return requests;
}

}  // namespace troupe::store::postgres
