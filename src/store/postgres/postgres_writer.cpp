#include "store_postgres/postgres_writer.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "store_postgres/array_batch.hpp"
#include "store_postgres/job_rows.hpp"
#include "store_postgres/sql_state.hpp"
#include "store_postgres/statements.hpp"
#include "store_rules/commit_rules.hpp"

namespace troupe::store::postgres {
namespace {

/// How often a transaction is run that the database rolled back for its neighbours' sake.
constexpr int kTries = 5;

Timestamp host_now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

/// The rows of a commit, by kind.
class Batches {
 public:
  Batches() {
    for (std::size_t i = 0; i < kKinds; ++i) batches_.emplace_back(fields_of(static_cast<Kind>(i)));
  }
  ArrayBatch& operator[](Kind kind) { return batches_[static_cast<std::size_t>(kind)]; }

  void fill(const Commit& commit) {
    for (ArrayBatch& batch : batches_) batch.clear();
    for (const ShardAdvance& advance : commit.shards) put((*this)[Kind::advance_shards], advance);
    for (const Change& change : commit.changes) add(change);
    add_keys(commit);
    add_workflow_flags(commit);
    add_settings(commit);
  }

 private:
  void add(const Change& change) {
    if (change.update) put_update((*this)[Kind::update_jobs], change);
    if (change.insert) add(*change.insert, change.update ? std::nullopt : change.park);
    if (change.journal) put((*this)[Kind::insert_journal], *change.journal);
    for (const ResultRow& result : change.results) put((*this)[Kind::insert_results], result);
    for (const ResultLog& log : change.logs) put((*this)[Kind::add_logs], log);
    for (const AssetRow& asset : change.assets) put((*this)[Kind::insert_assets], asset);
    for (const ReviewRow& review : change.reviews) put((*this)[Kind::insert_reviews], review);
    if (change.run) put((*this)[Kind::insert_runs], *change.run);
    if (change.archive) put((*this)[Kind::insert_run_archives], *change.archive);
    if (change.notable) put((*this)[Kind::insert_notables], *change.notable);
    if (change.workflow) put((*this)[Kind::insert_workflows], *change.workflow);
    if (change.sweep) add(*change.sweep);
  }

  void add(const JobRow& job, const std::optional<Timestamp>& parked_until) {
    put_accepted((*this)[Kind::insert_accepted], job);
    put_state((*this)[Kind::insert_states], job, parked_until);
  }

  void add(const Sweep& sweep) {
    for (const Removal& removal : sweep.removals) add(removal);
    for (const RetainedRow& row : sweep.retained) {
      (*this)[Kind::release_jobs].id(row.job);
      if (row.due != kNever) put((*this)[Kind::retain_jobs], row, sweep.row.shard);
    }
    for (const JournalPlace& at : sweep.garbage_stubs) (*this)[Kind::remove_garbage_stubs].integer(place_of(at));
    for (const JournalPlace& at : sweep.garbage_rows) (*this)[Kind::remove_garbage_rows].integer(place_of(at));
    for (const Digest& scope : sweep.forgotten) (*this)[Kind::forget_answers].digest(scope);
    put((*this)[Kind::set_sweeps], sweep.row);
  }

  void add(const Removal& removal) {
    put_removal((*this)[Kind::remove_jobs], removal);
    if (!removal.job_id.empty()) put_job_name((*this)[Kind::remove_job_keys], removal);
    for (Kind kind : {Kind::remove_accepted, Kind::remove_results, Kind::remove_assets, Kind::remove_reviews,
                      Kind::remove_run_archives, Kind::remove_runs, Kind::remove_notables, Kind::remove_journal,
                      Kind::release_jobs})
      (*this)[kind].id(removal.job);
    for (const JournalStub& stub : removal.stubs) put((*this)[Kind::insert_stubs], stub);
  }

  /// In the order of their keys: two nodes that insert the same ones wait for, but never deadlock, each other.
  void add_keys(const Commit& commit) {
    std::vector<const JobKeyRow*> job_keys;
    std::vector<const IdempotencyRow*> scopes;
    for (const Change& change : commit.changes) {
      if (change.job_key) job_keys.push_back(&*change.job_key);
      if (change.idempotency) scopes.push_back(&*change.idempotency);
    }
    std::sort(job_keys.begin(), job_keys.end(), [](const JobKeyRow* a, const JobKeyRow* b) {
      return std::tie(a->job_id, a->client_id) < std::tie(b->job_id, b->client_id);
    });
    std::sort(scopes.begin(), scopes.end(),
              [](const IdempotencyRow* a, const IdempotencyRow* b) { return a->scope < b->scope; });
    for (const JobKeyRow* row : job_keys) put((*this)[Kind::insert_job_keys], *row);
    for (const IdempotencyRow* row : scopes) put((*this)[Kind::insert_idempotency], *row);
  }

  /// The last word on each workflow: one statement cannot change a row twice.
  void add_workflow_flags(const Commit& commit) {
    std::map<std::string, bool> flags;
    for (const Change& change : commit.changes)
      if (change.workflow_disabled) flags[change.workflow_disabled->first] = change.workflow_disabled->second;
    for (const auto& [key, disabled] : flags) put((*this)[Kind::set_workflow_flags], WorkflowFlagRow{key, disabled});
  }

  /// Likewise of each setting.
  void add_settings(const Commit& commit) {
    std::map<std::pair<std::string, std::string>, const SettingRow*> settings;
    for (const Change& change : commit.changes)
      for (const SettingRow& setting : change.settings) settings[{setting.kind, setting.id}] = &setting;
    for (const auto& [key, setting] : settings)
      if (setting->document.present())
        put((*this)[Kind::set_settings], *setting);
      else
        put_key((*this)[Kind::remove_settings], *setting);
  }

  std::vector<ArrayBatch> batches_;
};

std::vector<Parameter> first_arrays(ArrayBatch& batch, const Table& fields, std::size_t count) {
  std::vector<Parameter> parameters;
  const auto& arrays = batch.arrays();
  for (std::size_t i = 0; i < count; ++i) parameters.push_back({array_type(fields.fields[i].type), arrays[i]});
  return parameters;
}

Request text_request(const char* sql) { return {Request::Kind::run_text, {}, sql, {}}; }

class PostgresWriter final : public StoreWriter {
 public:
  PostgresWriter(std::string url, PostgresOptions options) : url_(std::move(url)), options_(options) {}

  CommitReply commit(const Commit& commit) override {
    assert_well_formed(commit);
    batches_.fill(commit);
    CommitReply reply;
    for (int attempt = 1; attempt <= kTries; ++attempt) {
      retry_ = false;
      reply = try_commit(commit);
      if (!retry_) break;
    }
    if (reply.status == CommitStatus::unavailable || reply.status == CommitStatus::read_only) leave_session();
    return reply;
  }

  Result<std::vector<ShardState>> acquire(const std::vector<ShardId>& shards, const std::string& owner) override {
    if (auto connected = connect(); !connected) return std::move(connected).error();
    auto states = take(shards, owner);
    if (!states) leave_session();
    return states;
  }

  Result<Done> release(const std::vector<ShardState>& shards) override {
    if (auto connected = connect(); !connected) return connected;
    std::vector<std::array<std::string, 2>> bound(shards.size());
    std::vector<Request> requests;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      append_int64(bound[i][0], shards[i].shard);
      append_int64(bound[i][1], shards[i].epoch);
      requests.push_back(
          {Request::Kind::run_prepared,
           kReleaseShard,
           {},
           {{scalar_type(FieldType::integer), bound[i][0]}, {scalar_type(FieldType::integer), bound[i][1]}}});
    }
    const Answers answers = connection_->exchange(requests);
    if (answers.lost) return connection_->unavailable(answers.error);
    if (const Answer* failed = answers.failed())
      return Error{ErrorCode::store_unavailable, failed->message(), true, {}};
    return Done{};
  }

  Result<Done> connect() {
    if (connection_ && !connection_->lost()) return Done{};
    connection_.reset();
    auto opened = Connection::open(url_, options_, Connection::Use::write);
    if (!opened) return std::move(opened).error();
    const Answers answers = (*opened)->exchange(prepare_requests());
    if (answers.lost) return (*opened)->unavailable(answers.error);
    if (const Answer* failed = answers.failed())
      return Error{ErrorCode::store_unavailable, failed->message(), true, {}};
    connection_ = std::move(*opened);
    return Done{};
  }

 private:
  /// What a session cannot do, the next one may: a session that began while the database was read-only, or on a server
  /// that has become a standby, stays so for ever.
  void leave_session() { connection_.reset(); }

  CommitReply try_commit(const Commit& commit) {
    if (auto connected = connect(); !connected)
      return reply_of(FailureKind::unavailable, std::move(connected).error().message);

    // All of it in one round trip: a statement that does not change every row it should fails, and what fails keeps the
    // COMMIT behind it from being run.
    std::vector<Request> requests = {text_request("BEGIN")};
    std::vector<Kind> sent;
    for (std::size_t i = 0; i < kKinds; ++i) {
      const Kind kind = static_cast<Kind>(i);
      if (batches_[kind].empty()) continue;
      sent.push_back(kind);
      requests.push_back(request_of(kind, is_counted(kind) ? all_or_fail(kind) : name_of(kind)));
    }
    requests.push_back(text_request("COMMIT"));
    const Timestamp before = host_now();
    Answers answers = connection_->exchange(requests);
    const Timestamp after = host_now();

    const std::size_t failed = first_failed(answers);
    const bool at_commit = failed + 1 == requests.size();
    if (failed < answers.answers.size() && !(answers.lost && at_commit)) {
      const Answer& answer = answers.answers[failed];
      const bool counted = failed > 0 && failed <= sent.size() && is_counted(sent[failed - 1]);
      if (counted && answer.sql_state() == kNotAllChanged) return find_fault(commit);
      if (!answers.lost) roll_back();
      return failure(answer);
    }
    // A COMMIT that was answered before the connection broke has happened.
    if (answers.answers.size() < requests.size() || answers.failed() != nullptr) {
      CommitReply reply = reply_of(FailureKind::unavailable, "PostgreSQL: " + answers.error);
      reply.status = CommitStatus::unknown;
      return reply;
    }
    if (answers.answers.back().tag() != "COMMIT")
      return reply_of(FailureKind::unavailable, "PostgreSQL: rolled back at COMMIT");
    CommitReply reply;
    reply.clock_offset = from_unix_ms(answers.answers[1].integer(0)) - (before + (after - before) / 2);
    return reply;
  }

  Request request_of(Kind kind, std::string name) {
    const Table& fields = fields_of(kind);
    return {
        Request::Kind::run_prepared, std::move(name), {}, first_arrays(batches_[kind], fields, fields.fields.size())};
  }

  /// The first request of which the server says that it failed; libpq's own word of a lost connection has no state.
  static std::size_t first_failed(const Answers& answers) {
    const auto failed = [](const Answer& answer) { return answer.has_failed() && !answer.sql_state().empty(); };
    return static_cast<std::size_t>(std::ranges::find_if(answers.answers, failed) - answers.answers.begin());
  }

  void roll_back() { connection_->exchange({text_request("ROLLBACK")}); }  // if it breaks now, the server does it

  /// Some row was not changed that should have been: the same once more, for the answers only.
  CommitReply find_fault(const Commit& commit) {
    roll_back();
    std::vector<Request> requests = {text_request("BEGIN")};
    std::vector<Kind> sent;
    for (std::size_t i = 0; i < kKinds && is_counted(static_cast<Kind>(i)); ++i) {
      const Kind kind = static_cast<Kind>(i);
      if (batches_[kind].empty()) continue;
      sent.push_back(kind);
      requests.push_back(request_of(kind, name_of(kind)));
    }
    Answers answers = connection_->exchange(requests);
    if (answers.lost) return reply_of(FailureKind::unavailable, "PostgreSQL: " + answers.error);
    CommitReply reply = judge(commit, sent, answers);
    roll_back();
    if (reply.status == CommitStatus::duplicates) return name_winners(commit, std::move(reply));
    if (reply.status == CommitStatus::committed) {  // whoever was in the way is gone
      retry_ = true;
      return reply_of(FailureKind::retry, "PostgreSQL: a row was changed meanwhile");
    }
    return reply;
  }

  /// What the answers of the counted kinds mean: the first phase that failed decides.
  CommitReply judge(const Commit& commit, const std::vector<Kind>& sent, Answers& answers) {
    CommitReply reply;
    if (!answers.answers.front().ok()) return failure(answers.answers.front());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      // A phase is looked at as a whole before its failure is told; what came after it does not matter then.
      const Kind end = reply.status == CommitStatus::stale ? Kind::remove_jobs : Kind::insert_idempotency;
      if (sent[i] > end && reply.status != CommitStatus::committed) break;
      Answer& answer = answers.answers[i + 1];
      if (!answer.ok()) return failure(answer);
      if (answer.changed() == batches_[sent[i]].rows()) continue;
      if (sent[i] == Kind::advance_shards) {
        reply.status = CommitStatus::fenced;
        reply.error = {ErrorCode::fenced, "a shard has moved", false, {}};
        break;
      }
      if (sent[i] == Kind::insert_job_keys || sent[i] == Kind::insert_idempotency) {
        reply.status = CommitStatus::duplicates;
      } else if (sent[i] == Kind::update_jobs || sent[i] == Kind::remove_jobs) {
        reply.status = CommitStatus::stale;
        for (std::size_t stale : find_stale(commit, sent[i], answer))
          if (std::ranges::find(reply.stale, stale) == reply.stale.end()) reply.stale.push_back(stale);
      }
    }
    return reply;
  }

  CommitReply failure(const Answer& answer) {
    const FailureKind kind = kind_of(answer.sql_state());
    retry_ = kind == FailureKind::retry;
    return reply_of(kind, answer.message());
  }

  /// The changes of which some job is not among those that the database found.
  static std::vector<std::size_t> find_stale(const Commit& commit, Kind kind, Answer& answer) {
    std::unordered_set<JobId> found;
    for (int row = 0; row < answer.rows(); ++row) {
      answer.at(row);
      FieldSource source(answer);
      found.insert(source.id<JobId>());
    }
    const auto misses = [&](const Change& change) {
      if (kind == Kind::update_jobs) return change.update && !found.contains(change.update->id);
      return change.sweep && std::ranges::any_of(change.sweep->removals,
                                                 [&](const Removal& removal) { return !found.contains(removal.job); });
    };
    std::vector<std::size_t> stale;
    for (std::size_t i = 0; i < commit.changes.size(); ++i)
      if (misses(commit.changes[i])) stale.push_back(i);
    return stale;
  }

  CommitReply name_winners(const Commit& commit, CommitReply reply) {
    auto winners = find_winners(commit);
    if (!winners) return reply_of(FailureKind::unavailable, std::move(winners).error().message);
    reply.duplicates = std::move(*winners);
    // Whoever had taken the key has removed its row meanwhile.
    if (reply.duplicates.empty()) {
      retry_ = true;
      return reply_of(FailureKind::retry, "PostgreSQL: a key that was taken is gone");
    }
    return reply;
  }

  Result<std::vector<CommitReply::Duplicate>> find_winners(const Commit& commit) {
    ArrayBatch &job_keys = batches_[Kind::insert_job_keys], &scopes = batches_[Kind::insert_idempotency];
    std::map<std::pair<std::string, std::string>, JobKeyRow> taken_job_keys;
    std::map<Digest, IdempotencyRow> taken_scopes;
    auto read = read_all(kFindJobKeys, first_arrays(job_keys, kJobKeyTable, 2), [&](FieldSource& source) {
      JobKeyRow row = take_job_key(source);
      taken_job_keys.emplace(std::pair(row.client_id, row.job_id), row);
    });
    if (!read) return std::move(read).error();
    read = read_all(kFindIdempotency, first_arrays(scopes, kIdempotencyTable, 1), [&](FieldSource& source) {
      IdempotencyRow row = take_idempotency(source);
      taken_scopes.emplace(row.scope, row);
    });
    if (!read) return std::move(read).error();

    const auto find_job_key = [&](const JobKeyRow& row) -> Result<std::optional<JobKeyRow>> {
      const auto found = taken_job_keys.find({row.client_id, row.job_id});
      return found == taken_job_keys.end() ? std::nullopt : std::optional(found->second);
    };
    const auto find_idempotency = [&](const IdempotencyRow& row) -> Result<std::optional<IdempotencyRow>> {
      const auto found = taken_scopes.find(row.scope);
      return found == taken_scopes.end() ? std::nullopt : std::optional(found->second);
    };
    return find_duplicates(commit, find_job_key, find_idempotency);
  }

  template <class Each>
  Result<Done> read_all(const char* name, std::vector<Parameter> parameters, Each each) {
    Answers answers = connection_->exchange({{Request::Kind::run_prepared, name, {}, std::move(parameters)}});
    if (answers.lost) return connection_->unavailable(answers.error);
    Answer& answer = answers.answers.front();
    if (!answer.ok()) return Error{ErrorCode::store_unavailable, answer.message(), true, {}};
    for (int row = 0; row < answer.rows(); ++row) {
      answer.at(row);
      FieldSource source(answer);
      each(source);
      if (!source.sound()) return Error{ErrorCode::store_corrupt, "PostgreSQL: a key cannot be read", false, {}};
    }
    return Done{};
  }

  Result<std::vector<ShardState>> take(const std::vector<ShardId>& shards, const std::string& owner) {
    std::vector<std::string> ids(shards.size());
    std::vector<Request> requests = {text_request("BEGIN")};
    for (std::size_t i = 0; i < shards.size(); ++i) {
      append_int64(ids[i], shards[i]);
      requests.push_back({Request::Kind::run_prepared,
                          kAcquireShard,
                          {},
                          {{scalar_type(FieldType::integer), ids[i]}, {scalar_type(FieldType::text), owner}}});
    }
    Answers answers = connection_->exchange(requests);
    if (answers.lost) return connection_->unavailable(answers.error);
    if (const Answer* failed = answers.failed())
      return Error{ErrorCode::store_unavailable, failed->message(), true, {}};
    std::vector<ShardState> states;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      Answer& answer = answers.answers[i + 1];
      if (answer.rows() != 1)
        return Error{ErrorCode::not_found, "there is no shard " + std::to_string(shards[i]), false, {}};
      FieldSource source(answer);
      states.push_back(take_shard(source));
      if (!source.sound()) return Error{ErrorCode::store_corrupt, "PostgreSQL: a shard cannot be read", false, {}};
    }
    if (auto committed = connection_->run({"COMMIT"}); !committed) return std::move(committed).error();
    return states;
  }

  std::string url_;
  PostgresOptions options_;
  std::unique_ptr<Connection> connection_;
  Batches batches_;
  bool retry_ = false;  ///< the last try may succeed when repeated
};

}  // namespace

Result<std::unique_ptr<StoreWriter>> make_postgres_writer(std::string url, PostgresOptions options) {
  auto writer = std::make_unique<PostgresWriter>(std::move(url), options);
  if (auto connected = writer->connect(); !connected) return std::move(connected).error();
  return std::unique_ptr<StoreWriter>(std::move(writer));
}

}  // namespace troupe::store::postgres
