// The whole store as portable rows (port/maintenance.hpp): which tables it consists of, and how a row's cells come out
// of a result and go into a statement. A table that is added by a migration is added here; a test compares this list
// with the database's own.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "store_sql/fields.hpp"
#include "store_sql/session.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store {

/// Every table but `meta`, which holds the schema's version.
const std::vector<TableSchema>& stored_tables();

/// The cells of one row of a SELECT of the table's fields. What is read last replaces what was read before.
class CellReader {
 public:
  explicit CellReader(const TableSchema& table) : table_(table), cells_(table.fields.size()) {}
  /// store_corrupt for a value that does not fit its field.
  Result<RowCells> read(const RowView& row);

 private:
  const TableSchema& table_;
  std::vector<Cell> cells_;
};

/// Hands the cells to a statement. store_refused, naming the table, for cells that do not fit its fields.
Result<Done> put_cells(FieldSink& to, const TableSchema& table, RowCells row);

/// `id, client_id, …`
std::string columns_of(const TableSchema& table);
/// store_refused unless the names are plain words, which may stand in SQL: the schema may come from a file.
Result<Done> check_names(const TableSchema& table);

/// A database that may be filled holds no row but those that migrations make: the first finding of rows in
/// `count_of(sql)`, which gives the number of a SELECT.
Result<Done> check_empty(const std::function<Result<std::int64_t>(const std::string& sql)>& count_of);

/// The database was written by a newer binary.
Error newer_schema(std::int64_t version, std::int64_t known);
/// A snapshot is of the newest schema only.
Result<Done> check_newest(const SchemaChange& schema);
/// Rows can be loaded of the versions from 1 to the newest.
Result<Done> check_loadable(std::int64_t version, std::int64_t newest);

}  // namespace troupe::store
