#include "store_sql/portable_rows.hpp"
#include "store_sqlite/file_lock.hpp"
#include "store_sqlite/migrations.hpp"
#include "store_sqlite/sqlite_maintenance.hpp"

namespace troupe::store::sqlite {
namespace {

class SqliteLoader final : public StoreLoader {
 public:
  SqliteLoader(std::unique_ptr<FileLock> lock, std::unique_ptr<Connection> connection)
      : lock_(std::move(lock)), connection_(std::move(connection)) {}
  ~SqliteLoader() override {
    if (connection_->in_transaction()) connection_->execute("ROLLBACK");
  }

  /// An empty schema of that version, within the transaction.
  Result<Done> prepare(std::int64_t version) {
    if (auto loadable = check_loadable(version, newest_schema()); !loadable) return loadable;
    if (connection_->execute("BEGIN EXCLUSIVE") != SQLITE_OK) return connection_->unavailable();
    const auto schema = schema_of(*connection_);
    if (!schema) return schema.error();
    if (schema->from != 0) {
      if (auto empty = drop_empty_schema(*schema); !empty) return empty;
    }
    if (auto made = upgrade(*connection_, version); !made) return made.error();
    return execute("DELETE FROM slot_map; DELETE FROM shard");
  }

  Result<Done> begin(const TableSchema& table) override {
    if (auto named = check_names(table); !named) return named;
    table_ = table;
    std::string places;
    for (std::size_t i = 1; i <= table.fields.size(); ++i) places += (i > 1 ? ", $" : "$") + std::to_string(i);
    insert_ =
        connection_->prepare("INSERT INTO " + table.name + " (" + columns_of(table) + ") VALUES (" + places + ")");
    return insert_ != nullptr ? Result<Done>(Done{}) : failure(ErrorCode::store_refused);
  }

  Result<Done> add(RowCells row) override {
    if (auto put = put_cells(*insert_, table_, row); !put) return put;
    return insert_->run() == SQLITE_DONE ? Result<Done>(Done{}) : failure(code_of_failure());
  }

  Result<SchemaChange> commit() override {
    auto upgraded = upgrade(*connection_, newest_schema());
    if (!upgraded) return upgraded;
    if (auto committed = execute("COMMIT"); !committed) return committed.error();
    // As servers want it; they would set it themselves.
    if (auto set = execute("PRAGMA journal_mode=WAL"); !set) return set.error();
    return upgraded;
  }

 private:
  Result<Done> drop_empty_schema(const SchemaChange& schema) {
    if (auto newest = check_newest(schema); !newest) return newest;
    const auto count_of = [this](const std::string& sql) -> Result<std::int64_t> {
      std::int64_t count = 0;
      auto counted = connection_->select(sql, {}, [&](const RowView& row) {
        count = row.integer(0);
        return true;
      });
      if (!counted) return std::move(counted).error();
      return count;
    };
    if (auto empty = check_empty(count_of); !empty) return empty;
    std::string drops = "DROP TABLE meta;";
    for (const TableSchema& table : stored_tables()) drops += "DROP TABLE " + table.name + ';';
    return execute(drops);
  }

  Result<Done> execute(const std::string& sql) {
    return connection_->execute(sql) == SQLITE_OK ? Result<Done>(Done{}) : failure(code_of_failure());
  }

  ErrorCode code_of_failure() const {
    switch (connection_->code() & 0xFF) {
      case SQLITE_FULL: return ErrorCode::disk_full;
      case SQLITE_CONSTRAINT:
      case SQLITE_TOOBIG:
      case SQLITE_MISMATCH: return ErrorCode::store_refused;
      default: return ErrorCode::store_unavailable;
    }
  }
  Error failure(ErrorCode code) const {
    return {code, (table_.name.empty() ? "" : "table " + table_.name + ": ") + connection_->message(), false, {}};
  }

  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Connection> connection_;
  TableSchema table_;
  Statement* insert_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<StoreLoader>> make_sqlite_loader(const std::string& path, const SqliteOptions& options,
                                                        std::int64_t schema_version) {
  auto lock = FileLock::take(path);
  if (!lock) return std::move(lock).error();
  auto connection = Connection::open(path, options, Connection::Mode::load);
  if (!connection) return std::move(connection).error();
  auto loader = std::make_unique<SqliteLoader>(std::move(*lock), std::move(*connection));
  if (auto prepared = loader->prepare(schema_version); !prepared) return prepared.error();
  return std::unique_ptr<StoreLoader>(std::move(loader));
}

}  // namespace troupe::store::sqlite
