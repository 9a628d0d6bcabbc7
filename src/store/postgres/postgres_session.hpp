// A reading connection, as the SqlReader uses it. Internal to this room.
#pragma once

#include <unordered_map>

#include "store_postgres/connection.hpp"
#include "store_sql/session.hpp"

namespace troupe::store {

class PostgresSession final : public Session {
 public:
  explicit PostgresSession(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Result<Done> select(const std::string& sql, const std::vector<Value>& values,
                      const std::function<bool(const RowView&)>& each) override;
  bool usable() const override { return !connection_->lost(); }

 private:
  std::unique_ptr<Connection> connection_;
  std::unordered_map<std::string, std::string> prepared_;  ///< SQL to statement name
};

}  // namespace troupe::store
