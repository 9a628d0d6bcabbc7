// Rows on their way into one statement: a PostgreSQL array for each field, in binary, filled row by row. Internal to
// this room.
#pragma once

#include <string>
#include <vector>

#include "store_postgres/wire.hpp"
#include "store_sql/fields.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store::postgres {

class ArrayBatch final : public FieldSink {
 public:
  explicit ArrayBatch(const Table& table);
  explicit ArrayBatch(const TableSchema& table);

  void uuid(const Uuid& value) override;
  void integer(std::int64_t value) override;
  void text(std::string_view value) override;
  void bytes(std::optional<std::string_view> value) override;

  std::uint32_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }
  std::size_t bytes() const { return bytes_; }  ///< of all values
  /// Keeps the memory for the next commit, unless an unusual one has made it large.
  void clear();
  /// The arrays, complete. Valid until the next row or clear().
  const std::vector<std::string>& arrays();

 private:
  std::string& next_column(std::uint32_t size);

  std::vector<FieldType> types_;
  std::vector<std::string> arrays_;
  std::vector<bool> has_null_;
  std::size_t column_ = 0;
  std::uint32_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::store::postgres
