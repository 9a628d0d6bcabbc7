#include "store_postgres/array_batch.hpp"
#include "store_postgres/migrations.hpp"
#include "store_postgres/postgres_maintenance.hpp"
#include "store_postgres/sql_state.hpp"
#include "store_sql/portable_rows.hpp"

namespace troupe::store::postgres {
namespace {

// Rows of one INSERT: so many, or so many bytes, whichever comes first.
constexpr std::uint32_t kRowsPerInsert = 2'000;
constexpr std::size_t kBytesPerInsert = 4 << 20;

/// The rows that other transactions see all at once. A server that starts meanwhile waits for it, as for a migration.
class PostgresLoader final : public StoreLoader {
 public:
  explicit PostgresLoader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  /// An empty schema of that version, within the transaction.
  Result<Done> prepare(std::int64_t version) {
    if (auto loadable = check_loadable(version, newest_schema()); !loadable) return loadable;
    if (auto begun = begin_migration(*connection_); !begun) return begun;
    const auto schema = schema_of(*connection_);
    if (!schema) return schema.error();
    if (schema->from != 0) {
      if (auto empty = drop_empty_schema(*schema); !empty) return empty;
    }
    if (auto made = upgrade(*connection_, version); !made) return made.error();
    return connection_->run({"DELETE FROM slot_map", "DELETE FROM shard"});
  }

  Result<Done> begin(const TableSchema& table) override {
    if (auto flushed = flush(); !flushed) return flushed;
    if (auto named = check_names(table); !named) return named;
    table_ = table;
    batch_ = std::make_unique<ArrayBatch>(table_);
    std::string places;
    for (std::size_t i = 1; i <= table.fields.size(); ++i) places += (i > 1 ? ", $" : "$") + std::to_string(i);
    insert_ = "INSERT INTO " + table.name + " (" + columns_of(table) + ") SELECT * FROM unnest(" + places + ")";
    return Done{};
  }

  Result<Done> add(RowCells row) override {
    if (auto put = put_cells(*batch_, table_, row); !put) return put;
    return batch_->rows() < kRowsPerInsert && batch_->bytes() < kBytesPerInsert ? Result<Done>(Done{}) : flush();
  }

  Result<SchemaChange> commit() override {
    if (auto flushed = flush(); !flushed) return flushed.error();
    auto upgraded = upgrade(*connection_, newest_schema());
    if (!upgraded) return upgraded;
    if (auto committed = connection_->run({"COMMIT"}); !committed) return committed.error();
    return upgraded;
  }

 private:
  Result<Done> drop_empty_schema(const SchemaChange& schema) {
    if (auto newest = check_newest(schema); !newest) return newest;
    const auto count_of = [this](const std::string& sql) { return select_number(*connection_, sql); };
    if (auto empty = check_empty(count_of); !empty) return empty;
    return drop_schema(*connection_);
  }

  /// Writes the rows of the batch.
  Result<Done> flush() {
    if (!batch_ || batch_->empty()) return Done{};
    Request request{Request::Kind::run_text, {}, insert_, {}};
    const auto& arrays = batch_->arrays();
    for (std::size_t i = 0; i < arrays.size(); ++i)
      request.parameters.push_back({array_type(table_.fields[i].type), arrays[i]});
    const Answers answers = connection_->exchange({request});
    if (answers.lost) return connection_->unavailable(answers.error);
    if (const Answer* failed = answers.failed()) {
      Error error = reply_of(kind_of(failed->sql_state()), "table " + table_.name + ": " + failed->message()).error;
      error.retryable = false;
      return error;
    }
    batch_->clear();
    return Done{};
  }

  std::unique_ptr<Connection> connection_;
  TableSchema table_;
  std::unique_ptr<ArrayBatch> batch_;
  std::string insert_;
};

}  // namespace

Result<std::unique_ptr<StoreLoader>> make_postgres_loader(const std::string& url, const PostgresOptions& options,
                                                          std::int64_t schema_version) {
  auto connection = open_unhurried(url, options, Connection::Use::write);
  if (!connection) return std::move(connection).error();
  auto loader = std::make_unique<PostgresLoader>(std::move(*connection));
  if (auto prepared = loader->prepare(schema_version); !prepared) return prepared.error();
  return std::unique_ptr<StoreLoader>(std::move(loader));
}

}  // namespace troupe::store::postgres
