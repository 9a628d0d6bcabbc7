// Numbers in network order and the object ids of the types we bind: PostgreSQL's binary format. Internal to this room.
#pragma once

#include <cstdint>
#include <string>

#include "store_sql/tables.hpp"

namespace troupe::store::postgres {

using TypeId = unsigned int;  ///< libpq's Oid

/// The numbers are PostgreSQL's own, the same in every database (src/include/catalog/pg_type.dat).
constexpr TypeId scalar_type(FieldType type) {
  switch (type) {
    case FieldType::uuid: return 2950;
    case FieldType::integer: return 20;  // int8; smaller columns are assigned from it
    case FieldType::text: return 25;
    case FieldType::bytes: return 17;
  }
  return 0;
}
constexpr TypeId array_type(FieldType type) {
  switch (type) {
    case FieldType::uuid: return 2951;
    case FieldType::integer: return 1016;
    case FieldType::text: return 1009;
    case FieldType::bytes: return 1001;
  }
  return 0;
}

inline void store_int32(char* to, std::uint32_t value) {
  for (int i = 3; i >= 0; --i, value >>= 8) to[i] = static_cast<char>(value);
}
inline void append_int32(std::string& to, std::uint32_t value) {
  char bytes[4];
  store_int32(bytes, value);
  to.append(bytes, sizeof bytes);
}
inline void append_int64(std::string& to, std::uint64_t value) {
  append_int32(to, static_cast<std::uint32_t>(value >> 32));
  append_int32(to, static_cast<std::uint32_t>(value));
}
/// An int2, int4 or int8, by its size.
inline std::int64_t load_integer(const char* from, int size) {
  if (size == 0) return 0;
  std::int64_t value = static_cast<signed char>(from[0]);
  for (int i = 1; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(from[i]);
  return value;
}

}  // namespace troupe::store::postgres
