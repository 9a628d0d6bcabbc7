#include "store_sql/portable_rows.hpp"

#include <algorithm>

namespace troupe::store {
namespace {

using enum FieldType;

// The rows that commits write in other ways than by a plain insert of all fields (ParkRow, kWorkflowFlagFields).
constexpr Field kParked[] = {{"job", uuid}, {"due", integer}, {"shard", integer}};
constexpr Field kSlotMap[] = {{"slot", integer}, {"shard", integer}};

TableSchema schema_of(const Table& table) {
  TableSchema schema{std::string(table.name), {}};
  for (const Field& field : table.fields) schema.fields.push_back({std::string(field.name), field.type});
  return schema;
}

Error refused(const TableSchema& table, const std::string& why) {
  return {ErrorCode::store_refused, "table " + table.name + ": " + why, false, {}};
}

bool is_word(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9');
  });
}

bool fits(const Cell& cell, FieldType type) {
  if (cell.absent) return type == bytes;
  return type != uuid || cell.bytes.size() == std::tuple_size_v<Uuid>;
}

}  // namespace

const std::vector<TableSchema>& stored_tables() {
  static const std::vector<TableSchema> tables = {
      schema_of({"slot_map", kSlotMap}),
      schema_of(kShardTable),
      schema_of(kWorkflowTable),
      schema_of(kWorkflowFlagFields),
      schema_of(kJobTable),
      schema_of(kJobKeyTable),
      schema_of(kIdempotencyTable),
      schema_of(kRunTable),
      schema_of(kRunArchiveTable),
      schema_of(kNotableTable),
      schema_of({"parked", kParked}),
      schema_of(kResultTable),
      schema_of(kAssetTable),
      schema_of(kReviewTable),
      schema_of(kSettingTable),
      schema_of(kJournalTable),
      schema_of(kStubTable),
      schema_of(kRetainedTable),
      schema_of(kSweepTable),
  };
  return tables;
}

Result<RowCells> CellReader::read(const RowView& row) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const int column = static_cast<int>(i);
    const FieldSchema& field = table_.fields[i];
    Cell& cell = cells_[i] = Cell{row.absent(column), 0, {}};
    if (!cell.absent && field.type == integer) cell.integer = row.integer(column);
    if (!cell.absent && field.type != integer) cell.bytes = row.bytes(column);
    if (!fits(cell, field.type))
      return Error{ErrorCode::store_corrupt, "table " + table_.name + ": a row has no valid " + field.name, false, {}};
  }
  return RowCells(cells_);
}

Result<Done> put_cells(FieldSink& to, const TableSchema& table, RowCells row) {
  if (row.size() != table.fields.size())
    return refused(table, "a row has " + std::to_string(row.size()) + " values for " +
                              std::to_string(table.fields.size()) + " fields");
  for (std::size_t i = 0; i < row.size(); ++i)
    if (!fits(row[i], table.fields[i].type)) return refused(table, "a row has no valid " + table.fields[i].name);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Cell& cell = row[i];
    switch (table.fields[i].type) {
      // The bytes in their own place: a sink may keep pointing to them until its statement is run.
      case uuid: to.uuid(*reinterpret_cast<const Uuid*>(cell.bytes.data())); break;
      case integer: to.integer(cell.integer); break;
      case text: to.text(cell.bytes); break;
      case bytes: to.bytes(cell.absent ? std::nullopt : std::optional(cell.bytes)); break;
    }
  }
  return Done{};
}

std::string columns_of(const TableSchema& table) {
  std::string columns;
  for (const FieldSchema& field : table.fields) columns += (columns.empty() ? "" : ", ") + field.name;
  return columns;
}

Result<Done> check_names(const TableSchema& table) {
  const auto known = std::any_of(stored_tables().begin(), stored_tables().end(),
                                 [&](const TableSchema& stored) { return stored.name == table.name; });
  if (!known) return Error{ErrorCode::store_refused, "there is no table \"" + table.name + "\"", false, {}};
  for (const FieldSchema& field : table.fields)
    if (!is_word(field.name)) return refused(table, "\"" + field.name + "\" is no name of a field");
  return Done{};
}

Result<Done> check_empty(const std::function<Result<std::int64_t>(const std::string& sql)>& count_of) {
  for (const TableSchema& table : stored_tables()) {
    if (table.name == "slot_map") continue;  // made by the first migration
    const bool is_shard = table.name == "shard";
    const auto count = count_of("SELECT count(*) FROM " + table.name + (is_shard ? " WHERE seq > 0" : ""));
    if (!count) return count.error();
    if (*count > 0)
      return Error{ErrorCode::store_refused,
                   is_shard
                       ? "the database is not empty: it has been written to"
                       : "the database is not empty: table " + table.name + " has " + std::to_string(*count) + " rows",
                   false,
                   {}};
  }
  return Done{};
}

Result<Done> check_newest(const SchemaChange& schema) {
  if (schema.from == schema.to) return Done{};
  if (schema.from == 0)
    return Error{ErrorCode::not_found, "the database has no schema of troupe's: nothing was ever stored", false, {}};
  if (schema.from > schema.to) return newer_schema(schema.from, schema.to);
  return Error{ErrorCode::store_refused,
               "the database has schema version " + std::to_string(schema.from) + ", older than this binary's " +
                   std::to_string(schema.to) + ": run troupe db migrate, or use the binary that serves it",
               false,
               {}};
}

Result<Done> check_loadable(std::int64_t version, std::int64_t newest) {
  if (version > newest)
    return Error{
        ErrorCode::store_newer,
        "the rows are of schema version " + std::to_string(version) + ", this binary knows " + std::to_string(newest),
        false,
        {}};
  if (version < 1)
    return Error{ErrorCode::store_refused, "there is no schema version " + std::to_string(version), false, {}};
  return Done{};
}

Error newer_schema(std::int64_t version, std::int64_t known) {
  return {ErrorCode::store_newer,
          "the database has schema version " + std::to_string(version) + ", this binary knows " + std::to_string(known),
          false,
          {}};
}

}  // namespace troupe::store
