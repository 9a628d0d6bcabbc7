#include "store_postgres/array_batch.hpp"

namespace troupe::store::postgres {
namespace {

// An array in binary: dimensions, whether there are nulls, element type; length and lower bound of the dimension; then
// each element with its size (-1: null).
constexpr std::size_t kHeaderBytes = 20;
constexpr std::uint32_t kNullSize = 0xFFFFFFFF;
constexpr std::size_t kKeptBytes = 1 << 20;

}  // namespace

ArrayBatch::ArrayBatch(const Table& table) : arrays_(table.fields.size()), has_null_(table.fields.size()) {
  for (const Field& field : table.fields) types_.push_back(field.type);
  clear();
}

ArrayBatch::ArrayBatch(const TableSchema& table) : arrays_(table.fields.size()), has_null_(table.fields.size()) {
  for (const FieldSchema& field : table.fields) types_.push_back(field.type);
  clear();
}

void ArrayBatch::clear() {
  for (std::string& array : arrays_) {
    if (array.capacity() > kKeptBytes) array = std::string();
    array.assign(kHeaderBytes, '\0');
  }
  has_null_.assign(arrays_.size(), false);
  column_ = 0;
  rows_ = 0;
  bytes_ = 0;
}

std::string& ArrayBatch::next_column(std::uint32_t size) {
  std::string& array = arrays_[column_];
  append_int32(array, size);
  bytes_ += size == kNullSize ? 0 : size;
  if (column_ == 0) ++rows_;
  if (++column_ == arrays_.size()) column_ = 0;
  return array;
}

void ArrayBatch::uuid(const Uuid& value) {
  next_column(static_cast<std::uint32_t>(value.size()))
      .append(reinterpret_cast<const char*>(value.data()), value.size());
}

void ArrayBatch::integer(std::int64_t value) { append_int64(next_column(8), static_cast<std::uint64_t>(value)); }

void ArrayBatch::text(std::string_view value) { next_column(static_cast<std::uint32_t>(value.size())).append(value); }

void ArrayBatch::bytes(std::optional<std::string_view> value) {
  if (value) return text(*value);
  has_null_[column_] = true;
  next_column(kNullSize);
}

const std::vector<std::string>& ArrayBatch::arrays() {
  TROUPE_ASSERT(column_ == 0, "every row of a batch has all its fields");
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    char* header = arrays_[i].data();
    store_int32(header, 1);
    store_int32(header + 4, has_null_[i] ? 1 : 0);
    store_int32(header + 8, scalar_type(types_[i]));
    store_int32(header + 12, rows_);
    store_int32(header + 16, 1);
  }
  return arrays_;
}

}  // namespace troupe::store::postgres
