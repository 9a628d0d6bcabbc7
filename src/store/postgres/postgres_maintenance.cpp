#include "store_postgres/postgres_maintenance.hpp"

#include "store_postgres/migrations.hpp"
#include "store_sql/portable_rows.hpp"

namespace troupe::store::postgres {
namespace {

/// For one statement, whatever its size; a server that is gone is noticed by the keepalives of the connection.
constexpr Millis kAnswerTimeout = std::chrono::hours(24);

/// An array of their names.
std::string our_tables() {
  std::string names;
  for (const std::string& name : physical_tables()) names += (names.empty() ? "'" : ", '") + name + '\'';
  return "ARRAY[" + names + ']';
}

std::string text_of(const Answer& answer, int column) { return std::string(answer.bytes(column)); }

class PostgresMaintenance final : public StoreMaintenance {
 public:
  PostgresMaintenance(std::string url, const PostgresOptions& options) : url_(std::move(url)), options_(options) {}

  Result<SchemaChange> schema() override {
    auto connection = Connection::open(url_, options_, Connection::Use::read);
    if (!connection) return std::move(connection).error();
    return schema_of(**connection);
  }

  Result<std::vector<StoreFinding>> check() override {
    // As the writer connects: it sets what it may set itself (synchronous_commit).
    auto connection = Connection::open(url_, options_, Connection::Use::write);
    if (!connection) return std::move(connection).error();
    std::vector<StoreFinding> findings;
    if (auto checked = check_settings(**connection, findings); !checked) return checked.error();
    if (auto checked = check_indexes(**connection, findings); !checked) return checked.error();
    return findings;
  }

  Result<SpaceChange> vacuum() override {
    auto connection = open_unhurried(url_, options_, Connection::Use::write);
    if (!connection) return std::move(connection).error();
    const auto schema = schema_of(**connection);
    if (!schema) return schema.error();
    if (auto newest = check_newest(*schema); !newest) return newest.error();
    const auto before = size(**connection);
    if (!before) return before.error();
    for (const std::string& name : physical_tables())
      if (auto vacuumed = (*connection)->run({"VACUUM (ANALYZE) " + name}); !vacuumed) return vacuumed.error();
    const auto after = size(**connection);
    if (!after) return after.error();
    return SpaceChange{static_cast<std::uint64_t>(*before), static_cast<std::uint64_t>(*after)};
  }

  Result<std::unique_ptr<StoreSnapshot>> snapshot() override { return take_postgres_snapshot(url_, options_); }

  Result<std::unique_ptr<StoreLoader>> load(std::int64_t schema_version) override {
    return make_postgres_loader(url_, options_, schema_version);
  }

 private:
  /// Without these a commit that was answered may be lost with the power.
  static Result<Done> check_settings(Connection& connection, std::vector<StoreFinding>& findings) {
    return each_row(
        connection,
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',"
        " 'synchronous_commit') AND setting = 'off' ORDER BY name",
        [&](const Answer& row) {
          findings.push_back({true, "setting " + text_of(row, 0),
                              "is " + text_of(row, 1) + ": a power cut may lose or damage what was committed"});
        });
  }

  static Result<Done> check_indexes(Connection& connection, std::vector<StoreFinding>& findings) {
    return each_row(connection,
                    "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i"
                    " WHERE i.indrelid IN (SELECT to_regclass(name) FROM unnest(" +
                        our_tables() +
                        ") AS name) AND NOT (i.indisvalid AND i.indisready AND i.indislive)"
                        " ORDER BY 1",
                    [&](const Answer& row) {
                      findings.push_back({false, "index " + text_of(row, 0),
                                          "is not valid: table " + text_of(row, 1) + " needs REINDEX"});
                    });
  }

  static Result<Done> each_row(Connection& connection, const std::string& sql,
                               const std::function<void(const Answer& row)>& each) {
    Answers answers = connection.exchange({{Request::Kind::run_text, {}, sql, {}}});
    if (answers.lost) return connection.unavailable(answers.error);
    if (const Answer* failed = answers.failed()) return connection.unavailable(failed->message());
    Answer& rows = answers.answers.front();
    for (int row = 0; row < rows.rows(); ++row) {
      rows.at(row);
      each(rows);
    }
    return Done{};
  }

  static Result<std::int64_t> size(Connection& connection) {
    return select_number(connection, "SELECT sum(pg_total_relation_size(to_regclass(name)))::bigint FROM unnest(" +
                                         our_tables() + ") AS name");
  }

  const std::string url_;
  const PostgresOptions options_;
};

}  // namespace

Result<std::unique_ptr<Connection>> open_unhurried(const std::string& url, PostgresOptions options,
                                                   Connection::Use use) {
  options.answer_timeout = kAnswerTimeout;
  auto connection = Connection::open(url, options, use);
  if (!connection) return connection;
  // Without helpers: a backup takes one processor from the server, not all. All jobs are joined at once.
  auto set = (*connection)
                 ->run({"SET statement_timeout = 0", "SET idle_in_transaction_session_timeout = 0",
                        "SET enable_seqscan = on", "SET enable_hashjoin = on", "SET enable_mergejoin = on",
                        "SET max_parallel_workers_per_gather = 0", "SET max_parallel_maintenance_workers = 0"});
  if (!set) return std::move(set).error();
  return connection;
}

std::unique_ptr<StoreMaintenance> make_postgres_maintenance(std::string url, const PostgresOptions& options) {
  return std::make_unique<PostgresMaintenance>(std::move(url), options);
}

}  // namespace troupe::store::postgres
