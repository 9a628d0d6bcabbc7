// Port: what is done to a whole store by whoever keeps it: look at the schema, check, give space back, copy all rows
// out, fill an empty database. SQLite and PostgreSQL implement it (Store::maintenance); `memory:` refuses.
//
//   StoreMaintenance  of one database; each call connects by itself
//   StoreSnapshot     all rows as they were at one moment; writers go on meanwhile
//   StoreLoader       fills an empty database in one transaction
//
// Rows travel as portable cells, so that what was copied out of one engine fills another. All calls block, none is
// thread-safe, and none belongs into a serving process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/result.hpp"

namespace troupe {

/// Schema versions are numbered from 1 and mean the same rows in both engines; 0: there is no schema.
struct SchemaChange {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

// --- portable rows -------------------------------------------------------------------------------------------------

enum class FieldType : std::uint8_t { uuid, integer, text, bytes };

struct FieldSchema {
  std::string name;
  FieldType type = FieldType::integer;
  bool operator==(const FieldSchema&) const = default;
};

struct TableSchema {
  std::string name;
  std::vector<FieldSchema> fields;
  bool operator==(const TableSchema&) const = default;
};

/// One value of a row. Only a field of type bytes may be absent.
struct Cell {
  bool absent = false;
  std::int64_t integer = 0;  ///< of type integer
  std::string_view bytes;    ///< of the other types; of a uuid 16 bytes
};
/// In the order of the table's fields. What the cells point to lives for the call that hands them over.
using RowCells = std::span<const Cell>;

class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
  virtual std::int64_t schema_version() const = 0;
  /// Everything that makes up the store but its schema version.
  virtual const std::vector<TableSchema>& tables() const = 0;
  /// All rows of a table, in no particular order; the first failure of `each` ends the reading and is returned.
  /// store_corrupt for a row that cannot be read, store_unavailable when the database cannot.
  virtual Result<Done> read(const TableSchema& table, const std::function<Result<Done>(RowCells)>& each) = 0;
};

/// Dropped without commit: the database is as it was before.
class StoreLoader {
 public:
  virtual ~StoreLoader() = default;
  /// The rows that follow are of this table. store_refused for a table or fields that its schema version does not have.
  virtual Result<Done> begin(const TableSchema& table) = 0;
  /// store_refused for a row that the database does not take (it may be told of a later row, or by commit).
  virtual Result<Done> add(RowCells row) = 0;
  /// Brings the schema from the loaded version to the newest, and makes all of it durable.
  virtual Result<SchemaChange> commit() = 0;
};

// --- upkeep --------------------------------------------------------------------------------------------------------

struct StoreFinding {
  bool warning = false;  ///< nothing is damaged, but something is set so that damage may come
  std::string place;     ///< a table, an index, a setting, a blob
  std::string reason;
};

/// Bytes on the database's disk, before and after.
struct SpaceChange {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

class StoreMaintenance {
 public:
  virtual ~StoreMaintenance() = default;

  /// From the database's version to the one that this binary knows, without changing anything.
  virtual Result<SchemaChange> schema() = 0;
  /// What the engine itself can tell: structure of the file, validity of indexes, settings. Safe beside a server.
  virtual Result<std::vector<StoreFinding>> check() = 0;
  /// Gives unused space back. store_unavailable where a server is using the database and would have to wait (SQLite).
  virtual Result<SpaceChange> vacuum() = 0;
  /// Refuses a schema version other than this binary's. Writers are not held up.
  virtual Result<std::unique_ptr<StoreSnapshot>> snapshot() = 0;
  /// For rows of that schema version. Refuses with `store_refused` a database that holds anything, with `store_newer` a
  /// version this binary does not know.
  virtual Result<std::unique_ptr<StoreLoader>> load(std::int64_t schema_version) = 0;
};

}  // namespace troupe
