// A look at the test's PostgreSQL from beside the store, and a schema of its own for each test.
#pragma once

#include <memory>
#include <string>

#include "store/store_driver.hpp"

namespace troupe::test {

/// The server's URL from TROUPE_TEST_POSTGRES. Aborts without one: tests are not skipped silently.
std::string postgres_url();

/// Runs SQL on a connection of its own; gives the values of all rows, each followed by a blank.
std::string run_sql(const std::string& sql);

/// A transaction on a connection of its own, open (with the locks it took) as long as this lives.
class HeldTransaction {
 public:
  explicit HeldTransaction(const std::string& sql);

 private:
  std::shared_ptr<void> connection_;
};

/// An empty schema, dropped at the end; `url` reaches it.
class PostgresSchema {
 public:
  PostgresSchema();
  ~PostgresSchema();
  PostgresSchema(const PostgresSchema&) = delete;
  PostgresSchema& operator=(const PostgresSchema&) = delete;

  const std::string& name() const { return name_; }
  std::string url(const std::string& application = "troupe") const;

 private:
  std::string name_;
};

/// A migrated store in a schema of its own.
class PostgresEngine final : public Engine {
 public:
  PostgresEngine();
  Store& store() override { return *store_; }
  const PostgresSchema& schema() const { return schema_; }

 private:
  PostgresSchema schema_;
  std::unique_ptr<Store> store_;
};

}  // namespace troupe::test
