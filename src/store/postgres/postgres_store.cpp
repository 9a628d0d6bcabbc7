#include "store_postgres/postgres_store.hpp"

#include "store_postgres/migrations.hpp"
#include "store_postgres/postgres_maintenance.hpp"
#include "store_postgres/postgres_session.hpp"
#include "store_postgres/postgres_writer.hpp"
#include "store_sql/reader.hpp"

namespace troupe {
namespace store::postgres {
namespace {

class PostgresStore final : public Store {
 public:
  PostgresStore(std::string url, PostgresOptions options) : url_(std::move(url)), options_(options) {}

  Result<SchemaChange> migrate() override {
    // A table that is written anew takes as long as it is large.
    auto connection = open_unhurried(url_, options_, Connection::Use::write);
    if (!connection) return std::move(connection).error();
    return postgres::migrate(**connection);
  }

  Result<std::unique_ptr<StoreWriter>> writer() override { return make_postgres_writer(url_, options_); }

  Result<std::shared_ptr<StoreReader>> reader(std::size_t connections) override {
    const auto open = [url = url_, options = options_]() -> Result<std::unique_ptr<Session>> {
      auto connection = Connection::open(url, options, Connection::Use::read);
      if (!connection) return std::move(connection).error();
      return std::unique_ptr<Session>(std::make_unique<PostgresSession>(std::move(*connection)));
    };
    auto reader = std::make_shared<SqlReader>(connections, open);
    if (auto there = reader->ping(); !there) return std::move(there).error();
    return std::shared_ptr<StoreReader>(std::move(reader));
  }

  Result<std::unique_ptr<StoreMaintenance>> maintenance() override { return make_postgres_maintenance(url_, options_); }

  std::string kind() const override { return "postgresql"; }

 private:
  std::string url_;
  PostgresOptions options_;
};

}  // namespace
}  // namespace store::postgres

std::vector<Fault> PostgresOptions::validate() const {
  std::vector<Fault> faults;
  const auto demand = [&](const char* pointer, Millis value, Millis largest) {
    if (value < Millis(1'000) || value > largest)
      faults.push_back({pointer, "must be from 1 s to " + std::to_string(largest.count() / 1000) + " s"});
  };
  demand("/connect_timeout", connect_timeout, Millis(300'000));
  demand("/answer_timeout", answer_timeout, Millis(600'000));
  demand("/statement_timeout", statement_timeout, Millis(600'000));
  demand("/idle_in_transaction_timeout", idle_in_transaction_timeout, Millis(600'000));
  demand("/keepalive_idle", keepalive_idle, Millis(600'000));
  demand("/keepalive_interval", keepalive_interval, Millis(600'000));
  demand("/unacknowledged_timeout", unacknowledged_timeout, Millis(600'000));
  if (answer_timeout <= statement_timeout)
    faults.push_back({"/answer_timeout", "must be longer than statement_timeout"});
  return faults;
}

std::unique_ptr<Store> make_postgres_store(std::string url, PostgresOptions options) {
  return std::make_unique<store::postgres::PostgresStore>(std::move(url), options);
}

}  // namespace troupe
