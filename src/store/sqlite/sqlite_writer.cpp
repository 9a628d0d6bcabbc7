#include "store_sqlite/sqlite_writer.hpp"

#include <array>

#include "store_rules/commit_rules.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store::sqlite {
namespace {

std::string insert_into(const Table& table, const std::string& on_conflict = "") {
  std::string places;
  for (std::size_t i = 1; i <= table.fields.size(); ++i) places += (i > 1 ? ", $" : "$") + std::to_string(i);
  return "INSERT INTO " + std::string(table.name) + " (" + columns_of(table) + ") VALUES (" + places + ")" +
         on_conflict;
}

const std::string kIgnore = " ON CONFLICT DO NOTHING";

// The statements of a commit; places in the order of the table's fields (store_sql/tables.hpp).
const std::string kAdvanceShard =
    "UPDATE shard SET seq = seq + 1, head = $4, low_water = $5, chain_seq = $6, chain_head = $7"
    " WHERE id = $1 AND epoch = $2 AND seq = $3";
const std::string kUpdateJob =
    "UPDATE job SET status = $3, last_seq = $4, head = $5, run = $6, state = $7, run_workflow_version = $8,"
    " updated_at = $9, outputs = $10, error = $11 WHERE id = $1 AND last_seq = $2";
const std::string kUnpark = "DELETE FROM parked WHERE job = $1";
// Deleted first, never updated: the index names `due`.
const std::string kPark = "INSERT INTO parked (job, due, shard) SELECT $1, $2, shard FROM slot_map WHERE slot = $3";
const std::string kSetFlag =
    "INSERT INTO workflow_flag (key, disabled) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET disabled = "
    "excluded.disabled";
const std::string kSetSetting = "INSERT OR REPLACE" + insert_into(kSettingTable).substr(6);
const std::string kRemoveSetting = "DELETE FROM setting WHERE kind = $1 AND id = $2";
const std::string kAddLog =
    "UPDATE step_result SET log = $7, log_blob = $8, log_bytes = $9 WHERE run = $1 AND compensation = $2 AND step = $3"
    " AND item = $4 AND attempt = $5 AND epoch = $6 AND log_bytes = 0";
const std::string kInsertJob = insert_into(kJobTable), kInsertJournal = insert_into(kJournalTable),
                  kInsertAsset = insert_into(kAssetTable), kInsertRun = insert_into(kRunTable),
                  kInsertRunArchive = insert_into(kRunArchiveTable), kInsertWorkflow = insert_into(kWorkflowTable),
                  kInsertResult = insert_into(kResultTable, kIgnore),
                  kInsertReview = insert_into(kReviewTable, kIgnore),
                  kInsertNotable = insert_into(kNotableTable, kIgnore),
                  kInsertJobKey = insert_into(kJobKeyTable, kIgnore),
                  kInsertIdempotency = insert_into(kIdempotencyTable, kIgnore);

// Of the job $1, in this order: `run` tells which others are its runs.
const std::array<std::string, 10> kRemoveJob = {
    "DELETE FROM review WHERE run = $1 OR run IN (SELECT id FROM run WHERE job = $1)",
    "DELETE FROM step_result WHERE run = $1 OR run IN (SELECT id FROM run WHERE job = $1)",
    "DELETE FROM asset WHERE run = $1 OR run IN (SELECT id FROM run WHERE job = $1)",
    "DELETE FROM run_archive WHERE id = $1 OR id IN (SELECT id FROM run WHERE job = $1)",
    "DELETE FROM run WHERE job = $1",
    "DELETE FROM notable WHERE job = $1 AND kind IN (" + std::to_string(static_cast<int>(Status::failed)) + ", " +
        std::to_string(static_cast<int>(Status::cancelled)) + ")",
    "DELETE FROM parked WHERE job = $1",
    "DELETE FROM retained WHERE job = $1",
    "DELETE FROM journal WHERE chain = $1",
    "DELETE FROM job WHERE id = $1"};
const std::string kFindJob = "UPDATE job SET last_seq = last_seq WHERE id = $1 AND last_seq = $2";
const std::string kRemoveJobKey = "DELETE FROM job_key WHERE job_id = $1 AND client_id = $2 AND id = $3";
const std::string kRelease = "DELETE FROM retained WHERE job = $1";
const std::string kInsertStub = insert_into(kStubTable), kInsertRetained = insert_into(kRetainedTable);
const std::string kSetSweep = "INSERT OR REPLACE" + insert_into(kSweepTable).substr(6);
const std::string kRemoveStub = "DELETE FROM journal_stub WHERE place = $1";
const std::string kRemoveRecords = "DELETE FROM journal WHERE place = $1";
const std::string kRemoveAnswer = "DELETE FROM idempotency WHERE scope = $1";

CommitStatus status_of_failure(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH: return CommitStatus::refused;
    case SQLITE_FULL: return CommitStatus::full;
    case SQLITE_READONLY: return CommitStatus::read_only;
    default: return CommitStatus::unavailable;
  }
}

/// One transaction. Stops at the first statement that fails.
class Transaction {
 public:
  Transaction(Connection& connection, const Commit& commit) : connection_(connection), commit_(commit) {}

  CommitReply run() {
    if (connection_.execute("BEGIN IMMEDIATE") != SQLITE_OK) fail();
    const bool written = going() && advance_shards() && insert_keys() && update_jobs() && insert_rows() && sweep();
    if (written && connection_.execute("COMMIT") != SQLITE_OK) fail_commit();
    if (connection_.in_transaction()) connection_.execute("ROLLBACK");
    if (reply_.status == CommitStatus::duplicates) find_winners();
    return std::move(reply_);
  }

 private:
  bool going() const { return reply_.status == CommitStatus::committed; }

  void fail() {
    reply_.status = status_of_failure(connection_.code());
    ErrorCode code = ErrorCode::store_unavailable;
    if (reply_.status == CommitStatus::refused) code = ErrorCode::store_refused;
    if (reply_.status == CommitStatus::full) code = ErrorCode::disk_full;
    reply_.error = {code,
                    connection_.message(),
                    reply_.status == CommitStatus::unavailable || reply_.status == CommitStatus::read_only,
                    {}};
  }

  /// The frames of the transaction may have reached the log: only a look at the file can tell.
  void fail_commit() {
    fail();
    if ((connection_.code() & 0xFF) == SQLITE_IOERR) reply_.status = CommitStatus::unknown;
  }

  /// Runs a statement with what `bind` binds to it. How many rows it changed; -1 if it failed.
  template <class Bind>
  int bind_and_run(const std::string& sql, Bind bind) {
    Statement* statement = connection_.prepare(sql);
    if (statement != nullptr) bind(*statement);
    if (statement == nullptr || statement->run() != SQLITE_DONE) return fail(), -1;
    return connection_.changes();
  }
  template <class Row>
  int apply(const std::string& sql, const Row& row) {
    return bind_and_run(sql, [&](Statement& to) { put(to, row); });
  }

  bool advance_shards() {
    for (const ShardAdvance& advance : commit_.shards) {
      const int changed = apply(kAdvanceShard, advance);
      if (changed == 1) continue;
      if (changed == 0) {
        reply_.status = CommitStatus::fenced;
        reply_.error = {ErrorCode::fenced, "shard " + std::to_string(advance.shard) + " has moved", false, {}};
      }
      return false;
    }
    return true;
  }

  bool insert_keys() {
    bool taken = false;
    for (const Change& change : commit_.changes) {
      if (change.job_key) taken |= apply(kInsertJobKey, *change.job_key) == 0;
      if (change.idempotency && going()) taken |= apply(kInsertIdempotency, *change.idempotency) == 0;
      if (!going()) return false;
    }
    if (taken) reply_.status = CommitStatus::duplicates;
    return !taken;
  }

  bool update_jobs() {
    for (std::size_t i = 0; i < commit_.changes.size() && going(); ++i) {
      const Change& change = commit_.changes[i];
      bool found = !change.update || apply(kUpdateJob, *change.update) != 0;
      if (change.sweep)
        for (const Removal& removal : change.sweep->removals)
          found &= going() && bind_and_run(kFindJob, [&](Statement& to) { put_removal(to, removal); }) != 0;
      if (!found && going()) reply_.stale.push_back(i);
    }
    if (going() && !reply_.stale.empty()) reply_.status = CommitStatus::stale;
    return going();
  }

  bool insert_rows() {
    for (const Change& change : commit_.changes)
      if (!insert_rows(change)) return false;
    return true;
  }

  bool insert_rows(const Change& change) {
    const auto insert = [this](const std::string& sql, const auto& optional_row) {
      return !optional_row || apply(sql, *optional_row) >= 0;
    };
    bool done = insert(kInsertJob, change.insert) && insert(kInsertJournal, change.journal);
    for (const ResultRow& result : change.results) done = done && apply(kInsertResult, result) >= 0;
    for (const ResultLog& log : change.logs) done = done && apply(kAddLog, log) >= 0;
    for (const AssetRow& asset : change.assets) done = done && apply(kInsertAsset, asset) >= 0;
    for (const ReviewRow& review : change.reviews) done = done && apply(kInsertReview, review) >= 0;
    for (const SettingRow& setting : change.settings) done = done && set(setting);
    done = done && insert(kInsertRun, change.run) && insert(kInsertRunArchive, change.archive) &&
           insert(kInsertNotable, change.notable) && insert(kInsertWorkflow, change.workflow);
    if (done && change.workflow_disabled)
      done = apply(kSetFlag, WorkflowFlagRow{change.workflow_disabled->first, change.workflow_disabled->second}) >= 0;
    return done && park(change);
  }

  bool set(const SettingRow& setting) {
    if (setting.document.present()) return apply(kSetSetting, setting) >= 0;
    return bind_and_run(kRemoveSetting, [&](Statement& to) { put_key(to, setting); }) >= 0;
  }

  bool park(const Change& change) {
    if (!change.park && !change.unpark) return true;
    const JobId job = subject_of(change);
    if (bind_and_run(kUnpark, [&](Statement& to) { to.id(job); }) < 0) return false;
    return !change.park || apply(kPark, ParkRow{job, *change.park}) >= 0;
  }

  bool sweep() {
    for (const Change& change : commit_.changes)
      if (change.sweep && !sweep(*change.sweep)) return false;
    return true;
  }

  bool sweep(const Sweep& sweep) {
    for (const Removal& removal : sweep.removals)
      if (!remove(removal)) return false;
    for (const RetainedRow& row : sweep.retained) {
      bind_and_run(kRelease, [&](Statement& to) { to.id(row.job); });
      if (going() && row.due != kNever)
        bind_and_run(kInsertRetained, [&](Statement& to) { put(to, row, sweep.row.shard); });
      if (!going()) return false;
    }
    for (const auto& [sql, places] :
         {std::pair(&kRemoveStub, &sweep.garbage_stubs), std::pair(&kRemoveRecords, &sweep.garbage_rows)})
      for (const JournalPlace& at : *places)
        if (bind_and_run(*sql, [&, at = at](Statement& to) { to.integer(place_of(at)); }) < 0) return false;
    for (const Digest& scope : sweep.forgotten)
      if (bind_and_run(kRemoveAnswer, [&](Statement& to) { to.digest(scope); }) < 0) return false;
    return apply(kSetSweep, sweep.row) >= 0;
  }

  bool remove(const Removal& removal) {
    if (!removal.job_id.empty() && bind_and_run(kRemoveJobKey, [&](Statement& to) { put_job_name(to, removal); }) < 0)
      return false;
    for (const std::string& sql : kRemoveJob)
      if (bind_and_run(sql, [&](Statement& to) { to.id(removal.job); }) < 0) return false;
    for (const JournalStub& stub : removal.stubs)
      if (apply(kInsertStub, stub) < 0) return false;
    return true;
  }

  /// The row of a unique key, if it is there.
  template <class Row>
  Result<std::optional<Row>> find(const Table& table, const std::string& where, const std::vector<Value>& values,
                                  Row (*take)(FieldSource&)) {
    std::optional<Row> row;
    const auto read = [&](const RowView& view) {
      FieldSource source(view);
      row = take(source);
      return source.sound();
    };
    auto done = connection_.select(
        "SELECT " + columns_of(table) + " FROM " + std::string(table.name) + " WHERE " + where, values, read);
    if (!done) return std::move(done).error();
    return row;
  }

  void find_winners() {
    const auto job_key = [this](const JobKeyRow& row) {
      return find(kJobKeyTable, "job_id = $1 AND client_id = $2", {row.job_id, row.client_id}, take_job_key);
    };
    const auto idempotency = [this](const IdempotencyRow& row) {
      return find(kIdempotencyTable, "scope = $1", {BytesValue{std::string(as_view(row.scope))}}, take_idempotency);
    };
    auto duplicates = find_duplicates(commit_, job_key, idempotency);
    if (duplicates) {
      reply_.duplicates = std::move(*duplicates);
    } else {
      reply_.status = CommitStatus::unavailable;
      reply_.error = std::move(duplicates).error();
    }
  }

  Connection& connection_;
  const Commit& commit_;
  CommitReply reply_;
};

class SqliteWriter final : public StoreWriter {
 public:
  explicit SqliteWriter(std::shared_ptr<WritingConnection> shared) : shared_(std::move(shared)) {}

  CommitReply commit(const Commit& commit) override {
    assert_well_formed(commit);
    const std::lock_guard lock(shared_->mutex);
    CommitReply reply;
    if (auto opened = reopen(); !opened) {
      reply.status = CommitStatus::unavailable;
      reply.error = std::move(opened).error();
      return reply;
    }
    reply = Transaction(*shared_->connection, commit).run();
    // Opened anew next time: SQLite never writes again to a file that could not be written when it was opened.
    if (reply.status == CommitStatus::unknown || reply.status == CommitStatus::unavailable ||
        reply.status == CommitStatus::read_only)
      shared_->connection.reset();
    if (reply.status == CommitStatus::committed) {
      reply.clock_offset = Millis(0);  // the host's clock is the database's
      shared_->checkpointer->committed(*shared_->connection);
    }
    return reply;
  }

  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) override {
    const std::lock_guard lock(shared_->mutex);
    if (auto opened = reopen(); !opened) return std::move(opened).error();
    auto states = take(*shared_->connection, shards, owner);
    if (shared_->connection->in_transaction()) shared_->connection->execute("ROLLBACK");
    if (!states) shared_->connection.reset();
    return states;
  }

  Result<Done> release(const std::vector<ShardState>& shards) override {
    const std::lock_guard lock(shared_->mutex);
    if (auto opened = reopen(); !opened) return opened;
    auto released = give_back(*shared_->connection, shards);
    if (shared_->connection->in_transaction()) shared_->connection->execute("ROLLBACK");
    return released;
  }

 private:
  Result<Done> reopen() {
    if (shared_->connection) return Done{};
    auto opened = Connection::open(shared_->path, shared_->options, Connection::Mode::write);
    if (!opened) return std::move(opened).error();
    shared_->connection = std::move(*opened);
    return Done{};
  }

  static Result<std::vector<ShardState>> take(Connection& connection, const std::vector<ShardId>& shards,
                                              const std::string& owner) {
    if (connection.execute("BEGIN IMMEDIATE") != SQLITE_OK) return connection.unavailable();
    std::vector<ShardState> states;
    for (ShardId shard : shards) {
      const std::size_t before = states.size();
      auto done = connection.select(
          "UPDATE shard SET epoch = epoch + 1, owner = $2 WHERE id = $1 RETURNING " + columns_of(kShardTable),
          {std::int64_t{shard}, owner}, [&](const RowView& view) {
            FieldSource source(view);
            states.push_back(take_shard(source));
            return source.sound();
          });
      if (!done) return std::move(done).error();
      if (states.size() == before)
        return Error{ErrorCode::not_found, "there is no shard " + std::to_string(shard), false, {}};
    }
    if (connection.execute("COMMIT") != SQLITE_OK) return connection.unavailable();
    return states;
  }

  static Result<Done> give_back(Connection& connection, const std::vector<ShardState>& shards) {
    if (connection.execute("BEGIN IMMEDIATE") != SQLITE_OK) return connection.unavailable();
    for (const ShardState& ours : shards) {
      auto done = connection.select("UPDATE shard SET owner = '' WHERE id = $1 AND epoch = $2",
                                    {std::int64_t{ours.shard}, static_cast<std::int64_t>(ours.epoch)},
                                    [](const RowView&) { return true; });
      if (!done) return done;
    }
    if (connection.execute("COMMIT") != SQLITE_OK) return connection.unavailable();
    return Done{};
  }

  std::shared_ptr<WritingConnection> shared_;
};

}  // namespace

std::unique_ptr<StoreWriter> make_sqlite_writer(std::shared_ptr<WritingConnection> shared) {
  return std::make_unique<SqliteWriter>(std::move(shared));
}

}  // namespace troupe::store::sqlite
