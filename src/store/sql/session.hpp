// A database connection as the reader sees it: one SELECT at a time. SQLite and PostgreSQL each implement it once, and
// the whole StoreReader stands on it (reader.hpp), with the same SQL text for both.
//
// The SQL keeps to what both understand: `$1` … for values, no casts, no functions but lower, count, max and coalesce.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "store_sql/fields.hpp"
#include "troupe/base/result.hpp"

namespace troupe::store {

struct BytesValue {
  std::string bytes;
};
using Value = std::variant<std::int64_t, std::string, Uuid, BytesValue>;

class Session {
 public:
  virtual ~Session() = default;
  /// Runs one SELECT and hands over its rows in order. `each` gives false for a row that cannot be read.
  virtual Result<Done> select(const std::string& sql, const std::vector<Value>& values,
                              const std::function<bool(const RowView&)>& each) = 0;
  /// False once the connection is lost: the pool replaces it.
  virtual bool usable() const = 0;
};

using OpenSession = std::function<Result<std::unique_ptr<Session>>()>;

}  // namespace troupe::store
