// A SELECT with its values, and the builder of its conditions.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "store_sql/session.hpp"

namespace troupe::store {

struct Select {
  std::string sql;
  std::vector<Value> values;

  /// Adds a value and gives its place, `$n`.
  std::string place(Value value) {
    values.push_back(std::move(value));
    return '$' + std::to_string(values.size());
  }
};

/// Conditions that must all hold.
class Conditions {
 public:
  void add(const std::string& condition) { text_ += (text_.empty() ? " WHERE " : " AND ") + condition; }
  const std::string& where() const { return text_; }

 private:
  std::string text_;
};

/// A LIMIT that both databases take (SQLite takes a negative one for "all").
inline std::int64_t page_limit(int limit) { return std::max(limit, 0); }

/// The newest rows by `key` of several SELECTs together. Each is cut to `limit` on its own first, so that none reads more
/// than a page.
inline std::string newest_of(const std::vector<std::string>& arms, const std::string& key, const std::string& limit) {
  const std::string page = " ORDER BY " + key + " DESC LIMIT " + limit;
  std::string all;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (i > 0) all += " UNION ALL ";
    all += "SELECT * FROM (" + arms[i] + page + ") AS arm" + std::to_string(i);
  }
  return all + page;
}

}  // namespace troupe::store
