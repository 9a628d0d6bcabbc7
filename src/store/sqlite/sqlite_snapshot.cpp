#include "store_sql/portable_rows.hpp"
#include "store_sqlite/migrations.hpp"
#include "store_sqlite/sqlite_maintenance.hpp"

namespace troupe::store::sqlite {
namespace {

class SqliteSnapshot final : public StoreSnapshot {
 public:
  SqliteSnapshot(std::unique_ptr<Connection> connection, std::int64_t version)
      : connection_(std::move(connection)), version_(version) {}

  std::int64_t schema_version() const override { return version_; }
  const std::vector<TableSchema>& tables() const override { return stored_tables(); }

  Result<Done> read(const TableSchema& table, const std::function<Result<Done>(RowCells)>& each) override {
    CellReader cells(table);
    Result<Done> result = Done{};
    const auto take = [&](const RowView& row) {
      const auto read = cells.read(row);
      result = read ? each(*read) : read.error();
      return result.ok();
    };
    auto read = connection_->select("SELECT " + columns_of(table) + " FROM " + table.name, {}, take);
    if (!result) return result;
    if (!read) return Error{read.error().code, "table " + table.name + ": " + read.error().message, false, {}};
    return read;
  }

 private:
  std::unique_ptr<Connection> connection_;
  const std::int64_t version_;
};

}  // namespace

// One transaction that reads, in WAL mode: it sees the rows as of its first read, and neither waits for the writer nor
// lets it wait. SQLite's backup API would start anew whenever another process writes, unless it copies everything in
// one step; then it, and VACUUM INTO, hold the same snapshot.
Result<std::unique_ptr<StoreSnapshot>> take_sqlite_snapshot(const std::string& path, const SqliteOptions& options) {
  auto connection = Connection::open(path, options, Connection::Mode::read);
  if (!connection) return std::move(connection).error();
  if ((*connection)->execute("BEGIN") != SQLITE_OK) return (*connection)->unavailable();
  const auto schema = schema_of(**connection);
  if (!schema) return schema.error();
  if (auto newest = check_newest(*schema); !newest) return newest.error();
  return std::unique_ptr<StoreSnapshot>(std::make_unique<SqliteSnapshot>(std::move(*connection), schema->from));
}

}  // namespace troupe::store::sqlite
