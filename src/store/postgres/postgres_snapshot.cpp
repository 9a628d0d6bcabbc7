#include "store_postgres/migrations.hpp"
#include "store_postgres/postgres_maintenance.hpp"
#include "store_sql/portable_rows.hpp"

namespace troupe::store::postgres {
namespace {

class PostgresSnapshot final : public StoreSnapshot {
 public:
  PostgresSnapshot(std::unique_ptr<Connection> connection, std::int64_t version)
      : connection_(std::move(connection)), version_(version) {}

  std::int64_t schema_version() const override { return version_; }
  const std::vector<TableSchema>& tables() const override { return stored_tables(); }

  Result<Done> read(const TableSchema& table, const std::function<Result<Done>(RowCells)>& each) override {
    CellReader cells(table);
    Result<Done> result = Done{};
    auto read = connection_->stream("SELECT " + columns_of(table) + " FROM " + table.name, [&](const RowView& row) {
      const auto taken = cells.read(row);
      result = taken ? each(*taken) : taken.error();
      return result.ok();
    });
    if (!result) return result;
    if (!read) return Error{read.error().code, "table " + table.name + ": " + read.error().message, true, {}};
    return read;
  }

 private:
  std::unique_ptr<Connection> connection_;
  const std::int64_t version_;
};

}  // namespace

Result<std::unique_ptr<StoreSnapshot>> take_postgres_snapshot(const std::string& url, const PostgresOptions& options) {
  auto connection = open_unhurried(url, options, Connection::Use::read);
  if (!connection) return std::move(connection).error();
  if (auto begun = (*connection)->run({"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"}); !begun)
    return begun.error();
  const auto schema = schema_of(**connection);
  if (!schema) return schema.error();
  if (auto newest = check_newest(*schema); !newest) return newest.error();
  return std::unique_ptr<StoreSnapshot>(std::make_unique<PostgresSnapshot>(std::move(*connection), schema->from));
}

}  // namespace troupe::store::postgres
