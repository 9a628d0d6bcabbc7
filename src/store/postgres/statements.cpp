#include "store_postgres/statements.hpp"

#include "store_postgres/job_rows.hpp"

namespace troupe::store::postgres {
namespace {

// Of rows that are deleted by one column.
constexpr Field kJob[] = {{"job", FieldType::uuid}};
constexpr Field kPlace[] = {{"place", FieldType::integer}};
constexpr Field kScope[] = {{"scope", FieldType::bytes}};
const Table kJobFields{"job", kJob}, kPlaceFields{"journal", kPlace}, kScopeFields{"idempotency", kScope};

/// All runs of the jobs $1.
constexpr const char* kTheirRuns = " = ANY (ARRAY(SELECT id FROM run WHERE job = ANY ($1)) || $1)";

/// The shard of a job that is to be parked; no other is looked up.
constexpr const char* kShardOfSlot = "(SELECT m.shard FROM slot_map m WHERE m.slot = u.slot)";

constexpr std::array<const char*, kKinds> kNames = {
    "advance_shards",      "insert_job_keys",      "insert_idempotency",  "update_jobs",        "remove_jobs",
    "insert_accepted",     "insert_states",        "insert_journal",      "insert_results",     "add_logs",
    "insert_assets",       "insert_reviews",       "set_settings",        "remove_settings",    "insert_runs",
    "insert_run_archives", "insert_notables",      "insert_workflows",    "set_workflow_flags", "remove_job_keys",
    "remove_accepted",     "remove_results",       "remove_assets",       "remove_reviews",     "remove_run_archives",
    "remove_runs",         "remove_notables",      "remove_journal",      "insert_stubs",       "release_jobs",
    "retain_jobs",         "remove_garbage_stubs", "remove_garbage_rows", "forget_answers",     "set_sweeps"};

/// `(SELECT unnest($1) AS name, …) AS u`. All arrays are of one length, so they go in step; as one function of all of
/// them, unnest($1, $2, …), each value would be stored in between: 76 ns in place of 20, and a job has fifty.
std::string rows_of(const Table& table) {
  std::string columns;
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    columns += (i > 0 ? ", unnest($" : "unnest($") + std::to_string(i + 1) + ") AS ";
    columns += table.fields[i].name;
  }
  return "(SELECT " + columns + ") AS u";
}

std::string insert_into(const Table& table) {
  return "INSERT INTO " + std::string(table.name) + " (" + columns_of(table) + ") SELECT * FROM " + rows_of(table);
}

/// `name = excluded.name, …` of all fields but those of the key, which come first.
std::string replaced(const Table& table, std::size_t keys) {
  std::string columns;
  for (const Field& field : table.fields.subspan(keys)) {
    if (!columns.empty()) columns += ", ";
    columns.append(field.name).append(" = excluded.").append(field.name);
  }
  return columns;
}

std::string sql_of(Kind kind) {
  const Table& fields = fields_of(kind);
  switch (kind) {
    case Kind::advance_shards:  // the rows are locked in the order given: ascending, so that two nodes cannot deadlock
      return "UPDATE shard s SET seq = s.seq + 1, head = u.head, low_water = u.low_water, chain_seq = u.chain_seq,"
             " chain_head = u.chain_head FROM " +
             rows_of(fields) +
             " WHERE s.id = u.id AND s.epoch = u.epoch AND s.seq = u.seq"
             " RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at";
    case Kind::update_jobs:
      return "UPDATE job_state j SET status = u.status, last_seq = u.last_seq, head = u.head,"
             " run = nullif(u.run, u.id), state = u.state, run_workflow_version = u.run_workflow_version,"
             " updated_at = u.updated_at, outputs = u.outputs, error = u.error, due = nullif(CASE u.due WHEN " +
             std::to_string(kAsItWas) + " THEN j.due ELSE u.due END, " + std::to_string(kNotParked) +
             "), shard = CASE WHEN u.due >= 0 THEN " + kShardOfSlot + " ELSE j.shard END FROM " + rows_of(fields) +
             " WHERE j.id = u.id AND j.last_seq = u.expected_seq"
             " RETURNING j.id";
    case Kind::insert_states:
      return "INSERT INTO job_state (id, updated_at, last_seq, due, run_workflow_version, status, shard, head, state,"
             " outputs, error, run) SELECT id, updated_at, last_seq, nullif(due, " +
             std::to_string(kNotParked) + "), run_workflow_version, status, CASE WHEN due >= 0 THEN " + kShardOfSlot +
             " END, head, state, outputs, error, nullif(run, id) FROM " + rows_of(fields);
    case Kind::insert_job_keys:
    case Kind::insert_idempotency:
    case Kind::insert_results:
    case Kind::insert_reviews:
    case Kind::insert_notables: return insert_into(fields) + " ON CONFLICT DO NOTHING";
    case Kind::add_logs:
      return "UPDATE step_result r SET log = u.log, log_blob = u.log_blob, log_bytes = u.log_bytes FROM " +
             rows_of(fields) +
             " WHERE r.run = u.run AND r.compensation = u.compensation AND r.step = u.step AND r.item = u.item"
             " AND r.attempt = u.attempt AND r.epoch = u.epoch AND r.log_bytes = 0";
    case Kind::set_workflow_flags:
      return insert_into(fields) + " ON CONFLICT (key) DO UPDATE SET disabled = excluded.disabled";
    case Kind::set_settings:
      return insert_into(fields) + " ON CONFLICT (kind, id) DO UPDATE SET " + replaced(fields, 2);
    case Kind::remove_settings:
      return "DELETE FROM setting s USING " + rows_of(fields) + " WHERE s.kind = u.kind AND s.id = u.id";
    case Kind::remove_jobs:
      return "DELETE FROM job_state j USING " + rows_of(fields) + " WHERE j.id = u.id AND j.last_seq = u.expected_seq" +
             " RETURNING j.id";
    case Kind::remove_job_keys:
      return "DELETE FROM job_key k USING " + rows_of(fields) +
             " WHERE k.job_id = u.job_id AND k.client_id = u.client_id AND k.id = u.id";
    case Kind::remove_accepted: return "DELETE FROM job_accepted WHERE id = ANY ($1)";
    case Kind::remove_results: return std::string("DELETE FROM step_result WHERE run") + kTheirRuns;
    case Kind::remove_assets: return std::string("DELETE FROM asset WHERE run") + kTheirRuns;
    case Kind::remove_reviews: return std::string("DELETE FROM review WHERE run") + kTheirRuns;
    case Kind::remove_run_archives: return std::string("DELETE FROM run_archive WHERE id") + kTheirRuns;
    case Kind::remove_runs: return "DELETE FROM run WHERE job = ANY ($1)";
    case Kind::remove_notables:
      return "DELETE FROM notable WHERE kind IN (" + std::to_string(static_cast<int>(Status::failed)) + ", " +
             std::to_string(static_cast<int>(Status::cancelled)) + ") AND job = ANY ($1)";
    case Kind::remove_journal: return "DELETE FROM journal WHERE chain = ANY ($1)";
    case Kind::release_jobs: return "DELETE FROM retained WHERE job = ANY ($1)";
    case Kind::remove_garbage_stubs: return "DELETE FROM journal_stub WHERE place = ANY ($1)";
    case Kind::remove_garbage_rows: return "DELETE FROM journal WHERE place = ANY ($1)";
    case Kind::forget_answers: return "DELETE FROM idempotency WHERE scope = ANY ($1)";
    case Kind::set_sweeps: return insert_into(fields) + " ON CONFLICT (shard) DO UPDATE SET " + replaced(fields, 1);
    default: return insert_into(fields);
  }
}

std::string all_or_fail_sql_of(Kind kind) {
  std::string sql = sql_of(kind);
  if (sql.find(" RETURNING ") == std::string::npos) sql += " RETURNING 1";
  const char* answer = kind == Kind::advance_shards ? "coalesce(max(at), 0)" : "1";  // NULL / 0 would be NULL
  return "WITH changed AS (" + sql + ") SELECT " + answer + " / (count(*) = cardinality($1))::integer FROM changed";
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
    case Kind::update_jobs: return kStateUpdateFields;
    case Kind::insert_accepted: return kAcceptedTable;
    case Kind::insert_states: return kStateFields;
    case Kind::insert_journal: return kJournalTable;
    case Kind::insert_results: return kResultTable;
    case Kind::add_logs: return kResultLogFields;
    case Kind::insert_assets: return kAssetTable;
    case Kind::insert_reviews: return kReviewTable;
    case Kind::set_settings: return kSettingTable;
    case Kind::remove_settings: return kSettingKeyFields;
    case Kind::insert_runs: return kRunTable;
    case Kind::insert_run_archives: return kRunArchiveTable;
    case Kind::insert_notables: return kNotableTable;
    case Kind::insert_workflows: return kWorkflowTable;
    case Kind::set_workflow_flags: return kWorkflowFlagFields;
    case Kind::remove_jobs: return kRemovalFields;
    case Kind::remove_job_keys: return kJobNameFields;
    case Kind::insert_stubs: return kStubTable;
    case Kind::retain_jobs: return kRetainedTable;
    case Kind::set_sweeps: return kSweepTable;
    case Kind::remove_garbage_stubs:
    case Kind::remove_garbage_rows: return kPlaceFields;
    case Kind::forget_answers: return kScopeFields;
    case Kind::remove_accepted:
    case Kind::remove_results:
    case Kind::remove_assets:
    case Kind::remove_reviews:
    case Kind::remove_run_archives:
    case Kind::remove_runs:
    case Kind::remove_notables:
    case Kind::remove_journal:
    case Kind::release_jobs: break;
  }
  return kJobFields;
}

std::string name_of(Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::string all_or_fail(Kind kind) { return name_of(kind) + "_all"; }

std::vector<Request> prepare_requests() {
  std::vector<Request> requests;
  for (std::size_t i = 0; i < kKinds; ++i) {
    const Kind kind = static_cast<Kind>(i);
    const Table& fields = fields_of(kind);
    const std::vector<Parameter> types = array_types(fields, fields.fields.size());
    requests.push_back({Request::Kind::prepare, name_of(kind), sql_of(kind), types});
    if (is_counted(kind))
      requests.push_back({Request::Kind::prepare, all_or_fail(kind), all_or_fail_sql_of(kind), types});
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
  requests.push_back({Request::Kind::prepare,
                      kReleaseShard,
                      "UPDATE shard SET owner = '' WHERE id = $1 AND epoch = $2",
                      {{scalar_type(FieldType::integer), {}}, {scalar_type(FieldType::integer), {}}}});
  return requests;
}

}  // namespace troupe::store::postgres
