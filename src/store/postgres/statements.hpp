// The statements of a commit, one a kind of row, in the order in which they are run. Internal to this room.
#pragma once

#include <array>
#include <string>

#include "store_postgres/connection.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store::postgres {

/// The order is that of the phases (store_rules/commit_rules.hpp).
enum class Kind : std::uint8_t {
  advance_shards,
  insert_job_keys,
  insert_idempotency,
  update_jobs,
  remove_jobs,
  insert_accepted,
  insert_states,
  insert_journal,
  insert_results,
  add_logs,
  insert_assets,
  insert_reviews,
  set_settings,
  remove_settings,
  insert_runs,
  insert_run_archives,
  insert_notables,
  insert_workflows,
  set_workflow_flags,
  remove_job_keys,
  remove_accepted,
  remove_results,
  remove_assets,
  remove_reviews,
  remove_run_archives,
  remove_runs,
  remove_notables,
  remove_journal,
  insert_stubs,
  release_jobs,
  retain_jobs,
  remove_garbage_stubs,
  remove_garbage_rows,
  forget_answers,
  set_sweeps,
};
inline constexpr std::size_t kKinds = 35;

/// The fields whose arrays a kind binds.
const Table& fields_of(Kind kind);
/// The name it is prepared under.
std::string name_of(Kind kind);

/// Kinds of which a commit wants every row to be changed: the first phases.
constexpr bool is_counted(Kind kind) { return kind <= Kind::remove_jobs; }
/// A counted kind's statement that fails with this state unless it changes every row; its answer is one row (of
/// advance_shards: the database's time).
inline constexpr std::string_view kNotAllChanged = "22012";  // division_by_zero
std::string all_or_fail(Kind kind);

// Who has taken the keys: bound to the first arrays of insert_job_keys and insert_idempotency.
inline constexpr const char* kFindJobKeys = "find_job_keys";
inline constexpr const char* kFindIdempotency = "find_idempotency";
/// Bound to a shard and an owner.
inline constexpr const char* kAcquireShard = "acquire_shard";
/// Bound to a shard and the epoch that it is owned by.
inline constexpr const char* kReleaseShard = "release_shard";

/// Requests that prepare them all.
std::vector<Request> prepare_requests();

}  // namespace troupe::store::postgres
