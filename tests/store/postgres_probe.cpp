#include "store/postgres_probe.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>

#include "store_postgres/postgres_store.hpp"

namespace troupe::test {

std::string postgres_url() {
  const char* url = std::getenv("TROUPE_TEST_POSTGRES");
  TROUPE_ASSERT(url != nullptr, "run this test by tests/store/with_postgres.sh");
  return url;
}

namespace {

std::shared_ptr<PGconn> connect() {
  std::shared_ptr<PGconn> connection(PQconnectdb(postgres_url().c_str()), PQfinish);
  TROUPE_ASSERT(PQstatus(connection.get()) == CONNECTION_OK, "the test's PostgreSQL answers");
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

std::string run_on(PGconn* connection, const std::string& sql) {
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection, sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  TROUPE_ASSERT(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, PQerrorMessage(connection));
  std::string text;
  for (int row = 0; row < PQntuples(result.get()); ++row)
    for (int column = 0; column < PQnfields(result.get()); ++column)
      text += std::string(PQgetvalue(result.get(), row, column)) + ' ';
  return text;
}

}  // namespace

std::string run_sql(const std::string& sql) { return run_on(connect().get(), sql); }

HeldTransaction::HeldTransaction(const std::string& sql) {
  const auto connection = connect();
  run_on(connection.get(), "BEGIN; " + sql);
  connection_ = connection;
}

PostgresSchema::PostgresSchema() {
  static int count = 0;
  name_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  run_sql("CREATE SCHEMA " + name_);
}

PostgresSchema::~PostgresSchema() { run_sql("DROP SCHEMA " + name_ + " CASCADE"); }

std::string PostgresSchema::url(const std::string& application) const {
  return postgres_url() + "&application_name=" + application + "&options=-csearch_path%3D" + name_;
}

PostgresEngine::PostgresEngine() : store_(make_postgres_store(schema_.url())) {
  const auto migrated = store_->migrate();
  TROUPE_ASSERT(migrated.ok(), migrated.error().message.c_str());
}

}  // namespace troupe::test
