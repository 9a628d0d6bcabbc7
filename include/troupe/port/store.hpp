// Port: where the truth lives. Three implementations (memory, SQLite, PostgreSQL) behind one contract suite.
//
//   Store        opens, migrates, hands out writers, the reader, and the maintenance (maintenance.hpp)
//   StoreWriter  one connection; one per persistence actor; turns a Commit into one transaction
//   StoreReader  a bounded pool of its own connections; never waits for the writers
//
// All calls block; none may be made from an actor that is not detached, or from an ingress thread.
//
// What a transaction looks like:
//   1. every shard it touches moves its fence: seq + 1, new head, demanding its epoch (zero rows: fenced, nothing
//   written)
//   2. inserts and updates of all changes, array-bound, one statement a kind
//   3. COMMIT, synchronous
// Job rows are inserted once and afterwards only updated in columns that no index names (PostgreSQL: HOT).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe {

using ShardId = std::uint16_t;
inline constexpr ShardId kShardCount = 16;  ///< made by the first migration; slots are spread evenly

/// The chain of a shard's own records (workflows, keys, switches): the nil UUID with the shard in its last two bytes.
ChainId shard_chain(ShardId shard);

// --- rows ----------------------------------------------------------------------------------------------------------

struct JobRow {
  // never changes
  JobId id;
  std::string client_id;
  std::string job_id;  ///< the client's own; empty if it chose none
  std::string workflow_key;
  std::uint32_t workflow_version = 0;
  std::string user_id;  ///< metadata.user_id; may be empty
  std::uint8_t priority = 5;
  Timestamp created_at;
  Document spec;  ///< JSON object: inputs, metadata, timeout_seconds, callback_url?, traceparent? (if one was given)
  // changes with every commit of the job
  Status status = Status::pending;
  std::uint64_t last_seq = 0;  ///< of the job's chain
  Digest head{};               ///< of the job's chain
  RunId run;                   ///< the newest run; the first run bears the job's id
  std::string state;           ///< the newest run's RunState, as codec/run_state_codec.hpp writes it; opaque here
  std::uint32_t run_workflow_version = 0;  ///< the version the newest run runs (a retry may take another)
  Timestamp updated_at;
  Document outputs;  ///< of the newest run, once it has succeeded
  Document error;    ///< of the newest run, once it has failed or was cancelled: {code, message, retryable}
};

/// What changes of a job. Refused (the whole commit, named in CommitReply::stale) unless the row's last_seq is
/// `expected_seq`.
struct JobUpdate {
  JobId id;
  std::uint64_t expected_seq = 0;
  Status status = Status::pending;
  std::uint64_t last_seq = 0;
  Digest head{};
  RunId run;
  std::string state;
  std::uint32_t run_workflow_version = 0;
  Timestamp updated_at;
  Document outputs;  ///< written as given: absent clears the column
  Document error;    ///< likewise
};

/// The records of one chain in one commit, as their exact canonical bytes, one a line, each ended by '\n'.
struct JournalRow {
  ChainId chain;
  std::uint64_t first_seq = 0;  ///< seq of the first record; the primary key is (chain, first_seq)
  std::uint32_t count = 0;
  std::string records;
  // where it lies in the commit; set by whoever makes the commit (a shard of Commit::shards, and its seq + 1)
  ShardId shard = 0;
  std::uint64_t transaction = 0;  ///< the shard's seq after the transaction
  std::uint32_t position = 0;     ///< order within the transaction
};

/// The outcome of one attempt. Inserted once, never rewritten; a second insert of the same key is ignored.
/// An attempt that succeeded at the first try with `{}` and without a log writes none: the run state tells it.
struct ResultRow {
  TaskKey task;  ///< key: run, compensation, step, item, attempt
  Status status = Status::success;
  std::string worker;
  Timestamp started_at;
  Timestamp ended_at;
  Document outputs;  ///< JSON; absent if it lies in the blob store
  std::optional<Digest> outputs_blob;
  std::uint64_t outputs_bytes = 0;
  Document error;   ///< {code, message, retryable}
  std::string log;  ///< what it wrote; empty if it lies in the blob store, or is nothing
  std::optional<Digest> log_blob;
  std::uint64_t log_bytes = 0;
};

/// What an attempt wrote, told after its row was written: its run did not wait for it. Goes into the row of the same
/// key and epoch, once; where there is none, it is left out.
struct ResultLog {
  TaskKey task;
  std::string log;  ///< as of ResultRow
  std::optional<Digest> log_blob;
  std::uint64_t log_bytes = 0;  ///< above 0
};

struct AssetRow {
  AssetId id;
  JobId job;
  RunId run;
  std::string step;
  ItemIndex item = 0;
  std::uint32_t ordinal = 0;
  std::string name;  ///< file name, for Content-Disposition
  std::string media_type;
  std::uint64_t bytes = 0;
  Digest sha256{};          ///< also its address in the blob store
  std::uint32_t width = 0;  ///< pixels; 0 where it is no image
  std::uint32_t height = 0;
  Timestamp created_at;
};

/// A run beyond a job's first, and the final state of a run that was followed by another.
struct RunRow {
  RunId id;
  JobId job;
  std::uint32_t number = 2;
  Document inputs;  ///< where they differ from the job's; else absent
};
struct RunArchive {
  RunId id;
  JobId job;
  std::uint32_t number = 1;
  Status status = Status::failed;
  std::uint32_t workflow_version = 0;
  std::string state;
  Document outputs;
  Document error;
};

struct WorkflowRow {
  std::string key;
  std::uint32_t version = 0;
  Digest digest{};         ///< of the canonical JSON of the definition
  std::string definition;  ///< JSON, as given (YAML is converted)
  Timestamp created_at;
  std::string created_by;
};

/// A reply kept for an Idempotency-Key.
struct IdempotencyRow {
  Digest scope{};    ///< SHA-256 over client, method, path and key
  Digest request{};  ///< SHA-256 of the request body
  int status = 0;
  std::string answer;
  Timestamp created_at;
};

/// A client's own job_id. Deciding: the first commit wins, later ones are told the winner.
struct JobKeyRow {
  std::string client_id;
  std::string job_id;
  JobId id;
  Digest request{};  ///< SHA-256 of the canonical request body
};

/// What people look for: the jobs that did not end well. Insert-only.
struct NotableRow {
  Status kind = Status::failed;  ///< failed or cancelled
  JobId job;
};

/// What one reviewer decided about one image, once and for ever. A second insert of the same key is ignored.
struct ReviewRow {
  RunId run;  ///< key: run, asset, reviewer
  AssetId asset;
  std::string reviewer;
  bool approved = false;
  std::string notes;
  Timestamp decided_at;
};

/// What operators set while the node runs: few small documents, read whole at start and kept in memory. The kinds:
/// `kill_switch`, `schedule`.
struct SettingRow {
  std::string kind;  ///< key: kind, id
  std::string id;
  Document document;  ///< a JSON object; in a change, absent removes the row
  Timestamp updated_at;
};

// --- what retention leaves (audit/retention.hpp) ---

/// Of a journal row whose job was removed: the hashes of its records, without what they said.
struct JournalStub {
  ChainId chain;
  std::uint64_t first_seq = 0;
  std::vector<Digest> hashes;  ///< of its records, in order
  // where the row lay
  ShardId shard = 0;
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
  std::uint64_t removed = 0;  ///< the shard's transaction that made it a stub; set by whoever makes the commit
};

/// A shard as it was after a transaction: from there on, its journal is complete.
struct Checkpoint {
  std::uint64_t transaction = 0;  ///< 0: there is none yet
  Digest head{};
  std::uint64_t chain_seq = 0;  ///< of the shard's own chain
  Digest chain_head{};
  Digest survivors{};          ///< SHA-256 over the hashes of all records up to there that were kept, in order
  std::uint64_t recorded = 0;  ///< the transaction with its record; set by whoever makes the commit
  bool operator==(const Checkpoint&) const = default;
};

/// How far retention has come with a shard. A row of zeros stands for none.
struct SweepRow {
  ShardId shard = 0;
  // every job accepted up to this place was looked at
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
  std::uint64_t stubs = 0;  ///< made since the checkpoint
  std::uint64_t kept = 0;   ///< journal rows that there were at the checkpoint, less those removed since
  bool is_clean = true;     ///< what the checkpoint made superfluous is gone
  Checkpoint checkpoint;
};

/// Removes a job with all that belongs to it. Refused (CommitReply::stale) unless its row's last_seq is `expected_seq`.
struct Removal {
  JobId job;
  std::uint64_t expected_seq = 0;
  std::string client_id;
  std::string job_id;              ///< the client's own; empty if it chose none
  std::vector<JournalStub> stubs;  ///< for its journal rows, all of them
};

/// A job that is looked at again when it is due; kNever: not again. Replaces what was said before.
struct RetainedRow {
  JobId job;
  Timestamp due = kNever;
};

struct JournalPlace {
  ShardId shard = 0;
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
};

/// One step of retention, within one shard.
struct Sweep {
  SweepRow row;  ///< afterwards
  bool is_checkpoint = false;
  std::vector<Removal> removals;
  std::vector<RetainedRow> retained;
  std::vector<JournalPlace> garbage_stubs;
  std::vector<JournalPlace> garbage_rows;  ///< of the journal
  std::vector<Digest> forgotten;           ///< scopes of kept answers

  /// Of the commit.
  void set_transaction(std::uint64_t transaction) {
    if (is_checkpoint) row.checkpoint.recorded = transaction;
    for (Removal& removal : removals)
      for (JournalStub& stub : removal.stubs) stub.removed = transaction;
  }
};

// --- commits -------------------------------------------------------------------------------------------------------

/// Everything one command changes. Written whole or not at all.
struct Change {
  std::optional<JobRow> insert;
  std::optional<JobUpdate> update;
  std::optional<JournalRow> journal;
  std::optional<JobKeyRow> job_key;
  std::optional<IdempotencyRow> idempotency;
  std::vector<ResultRow> results;
  std::vector<ResultLog> logs;
  std::vector<AssetRow> assets;
  std::vector<ReviewRow> reviews;
  std::vector<SettingRow> settings;
  std::optional<RunRow> run;
  std::optional<RunArchive> archive;
  std::optional<NotableRow> notable;
  std::optional<WorkflowRow> workflow;
  std::optional<std::pair<std::string, bool>> workflow_disabled;  ///< key, disabled
  std::optional<Timestamp>
      park;             ///< of update's or insert's job: the run only waits, until then (kNever: for a person)
  bool unpark = false;  ///< of update's job
  std::shared_ptr<Sweep> sweep;
};

/// One shard's part of a commit.
struct ShardAdvance {
  ShardId shard = 0;
  std::uint64_t epoch = 0;      ///< demanded
  std::uint64_t seq = 0;        ///< demanded: the shard's seq before
  Digest head{};                ///< after
  JobId low_water;              ///< no job of the shard that is open and not parked is older than this
  std::uint64_t chain_seq = 0;  ///< last seq of the shard's own chain, after
  Digest chain_head{};          ///< head of the shard's own chain, after
};

struct Commit {
  std::vector<ShardAdvance> shards;  ///< ascending by shard; at least one
  std::vector<Change> changes;       ///< at most one update of each job
};

enum class CommitStatus : std::uint8_t {
  committed,
  duplicates,   ///< some job_key or idempotency row exists already; nothing written
  stale,        ///< some update or removal did not find its expected_seq; nothing written
  fenced,       ///< a shard's epoch or seq has moved; nothing written
  refused,      ///< the database refuses some row (error tells); nothing written
  unavailable,  ///< no connection, or it broke after the database had said no; nothing written
  read_only,    ///< the database takes no writes at present; nothing written
  full,         ///< no room on the database's disk; nothing written
  unknown,      ///< the connection broke before an answer: it may or may not be written (see StoreWriter::acquire)
};

struct CommitReply {
  CommitStatus status = CommitStatus::committed;
  struct Duplicate {
    std::size_t change = 0;            ///< index into Commit::changes
    std::optional<JobKeyRow> job_key;  ///< the row that was there first: in the store, or earlier in this commit
    std::optional<IdempotencyRow> idempotency;
  };
  std::vector<Duplicate> duplicates;
  std::vector<std::size_t> stale;  ///< indices into Commit::changes
  Error error;
  std::optional<Millis> clock_offset;  ///< database's clock minus host's, where it was measured
};

/// A shard as this node owns it.
struct ShardState {
  ShardId shard = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  Digest head{};
  JobId low_water;
  std::uint64_t chain_seq = 0;
  Digest chain_head{};
  std::string owner;  ///< empty: handed back by the last one, or never taken
};

class StoreWriter {
 public:
  virtual ~StoreWriter() = default;

  /// One transaction. Reconnects by itself when a former call lost the connection.
  virtual CommitReply commit(const Commit& commit) = 0;

  /// Takes the shards: epoch + 1 each, owner set; waits for, or fences, a transaction of a former owner that is still
  /// in flight. Returns their state afterwards. After CommitStatus::unknown the caller acquires again and compares
  /// heads.
  virtual Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) = 0;

  /// Hands back those of the shards whose epoch is still this one: the owner stops in good order.
  virtual Result<Done> release(const std::vector<ShardState>& shards) = 0;
};

// --- reads ---------------------------------------------------------------------------------------------------------

struct JobQuery {
  std::optional<Status> status;
  std::optional<std::string> client_id;
  std::optional<std::string> workflow_key;
  std::optional<std::string> user_id;
  std::optional<Timestamp> created_after;   ///< exclusive
  std::optional<Timestamp> created_before;  ///< exclusive
  std::string text;                         ///< case-insensitive, within job_id or workflow_key; empty: any
  std::optional<JobId> before;              ///< the cursor: ids smaller than this
  int limit = limits::kPageDefault;
};

/// A run with its job. For a job's newest run the job row tells all; for an earlier one, the archive.
struct RunRecord {
  JobRow job;
  RunId run;
  std::uint32_t number = 1;
  Document inputs;  ///< where they differ from the job's; else absent
  std::optional<RunArchive> archive;
};

struct RunQuery {
  std::optional<Status> status;
  std::optional<std::string> client_id;
  std::optional<std::string> workflow_key;
  std::optional<JobId> job;
  std::optional<RunId> before;
  int limit = limits::kPageDefault;
};

struct WorkflowSummary {
  WorkflowRow newest;
  bool disabled = false;
};

struct JournalQuery {
  std::optional<ChainId> chain;
  std::uint64_t from_seq = 0;  ///< rows whose last record is at or after this
  std::size_t rows = 1000;
  std::uint64_t after_first_seq = 0;  ///< rows that begin after this: to page through a long chain
};

class StoreReader {
 public:
  virtual ~StoreReader() = default;

  virtual Result<std::optional<JobRow>> job(const JobId& id) = 0;
  /// The jobs that clients called so: of one client, or of all (at most 2 are returned: enough to see ambiguity).
  virtual Result<std::vector<JobId>> jobs_called(const std::string& job_id,
                                                 const std::optional<std::string>& client) = 0;
  /// Newest first. `state`, `spec`, `outputs` and `error` are filled.
  virtual Result<std::vector<JobRow>> jobs(const JobQuery& query) = 0;
  virtual Result<std::optional<RunRecord>> run(const RunId& id) = 0;
  virtual Result<std::vector<RunRecord>> runs(const RunQuery& query) = 0;
  /// All outcomes of a run, by (compensation, step, item, attempt).
  virtual Result<std::vector<ResultRow>> results(const RunId& run) = 0;
  /// By (step, item, ordinal, id).
  virtual Result<std::vector<AssetRow>> assets_of_run(const RunId& run) = 0;
  virtual Result<std::optional<AssetRow>> asset(const AssetId& id) = 0;
  /// By (decided_at, asset, reviewer).
  virtual Result<std::vector<ReviewRow>> reviews(const RunId& run) = 0;
  /// All of a kind, by id.
  virtual Result<std::vector<SettingRow>> settings(const std::string& kind) = 0;
  /// By (chain, first_seq).
  virtual Result<std::vector<JournalRow>> journal(const JournalQuery& query) = 0;
  /// All journal rows of a shard after (transaction, position), in that order: to recompute the shard's head.
  virtual Result<std::vector<JournalRow>> journal_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                           std::uint32_t after_position, std::size_t rows) = 0;
  /// The same from there backwards, newest first: to page through the audit of everything.
  virtual Result<std::vector<JournalRow>> journal_of_shard_before(ShardId shard, std::uint64_t transaction,
                                                                  std::uint32_t position, std::size_t rows) = 0;
  virtual Result<std::vector<WorkflowSummary>> workflows(const std::optional<std::string>& after_key, int limit) = 0;
  /// Version 0 means the newest.
  virtual Result<std::optional<WorkflowSummary>> workflow(const std::string& key, std::uint32_t version) = 0;
  virtual Result<std::optional<IdempotencyRow>> idempotency(const Digest& scope) = 0;
  virtual Result<std::vector<ShardState>> shards() = 0;
  /// Open jobs (pending or running) of a shard that are not parked, oldest first, with ids greater than `after` and not
  /// below the shard's low_water.
  virtual Result<std::vector<JobRow>> open_jobs(ShardId shard, const JobId& after, std::size_t rows) = 0;
  struct Parked {
    JobId job;
    Timestamp due = kNever;
  };
  /// Parked jobs of a shard that are due before then, by (due, job), those after `after` in that order. Those that wait
  /// for a person are none of them.
  virtual Result<std::vector<Parked>> parked(ShardId shard, const Parked& after, Timestamp due_before,
                                             std::size_t rows) = 0;
  struct Accepted {
    JobId job;
    std::uint64_t transaction = 0;
    std::uint32_t position = 0;
  };
  /// The jobs of a shard, in the order of their first journal rows, of those after (transaction, position).
  virtual Result<std::vector<Accepted>> accepted_jobs(ShardId shard, std::uint64_t after_transaction,
                                                      std::uint32_t after_position, std::size_t rows) = 0;
  /// Jobs of a shard whose time in `retained` has come, by (due, job).
  virtual Result<std::vector<JobId>> retained(ShardId shard, Timestamp due_before, std::size_t rows) = 0;
  /// As journal_of_shard.
  virtual Result<std::vector<JournalStub>> stubs_of_shard(ShardId shard, std::uint64_t after_transaction,
                                                          std::uint32_t after_position, std::size_t rows) = 0;
  virtual Result<SweepRow> sweep(ShardId shard) = 0;
  /// All kept answers, by scope: (scope, created_at).
  virtual Result<std::vector<std::pair<Digest, Timestamp>>> answers(const Digest& after, std::size_t rows) = 0;
  /// The blobs that rows name, page by page: of all assets by id, and of all results that have any.
  virtual Result<std::vector<std::pair<AssetId, Digest>>> asset_blobs(const AssetId& after, std::size_t rows) = 0;
  struct ResultBlobs {
    TaskKey task;
    std::optional<Digest> outputs, log;
  };
  /// By (run, compensation, step, item, attempt).
  virtual Result<std::vector<ResultBlobs>> result_blobs(const TaskKey& after, std::size_t rows) = 0;
  /// What the database calls itself: the same for ever, and of no other (but of its copies). Empty where nothing is
  /// kept.
  virtual Result<std::string> store_id() = 0;
  /// Is the database there? For /readyz.
  virtual Result<Done> ping() = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  /// Creates or upgrades the schema, and says from and to which version. Refuses with `store_newer` when the database
  /// was written by a newer binary.
  virtual Result<SchemaChange> migrate() = 0;
  virtual Result<std::unique_ptr<StoreWriter>> writer() = 0;
  virtual Result<std::shared_ptr<StoreReader>> reader(std::size_t connections) = 0;
  /// Connects to nothing yet. `not_supported` where there is nothing to keep (`memory:`).
  virtual Result<std::unique_ptr<StoreMaintenance>> maintenance() = 0;
  /// `sqlite`, `postgresql` or `memory`: for /v1/meta and logs.
  virtual std::string kind() const = 0;
};

}  // namespace troupe
