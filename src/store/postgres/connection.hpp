// The only owner of libpq: a connection that is always in pipeline mode, with deadlines on every wait. One thread at a
// time. Internal to this room.
//
// exchange() is a round trip: all requests are sent, then a sync, then all answers are read. After the first failure
// the server skips the rest up to the sync. A deadline that passes, or a broken socket, loses the connection for good;
// the owner makes another.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store_postgres/postgres_store.hpp"
#include "store_postgres/wire.hpp"
#include "store_sql/fields.hpp"
#include "troupe/base/result.hpp"

namespace troupe::store::postgres {

struct Parameter {
  TypeId type = 0;
  std::string_view bytes;
};

/// A statement to run: prepared under a name, or as text; or to be prepared.
struct Request {
  enum class Kind { run_prepared, run_text, prepare } kind = Kind::run_text;
  std::string name;                   ///< of the prepared statement
  std::string sql;                    ///< of run_text and prepare
  std::vector<Parameter> parameters;  ///< of prepare: the types alone
};

/// The answer to one request.
class Answer final : public RowView {
 public:
  explicit Answer(PGresult* result) : result_(result, PQclear) {}

  bool ok() const;
  bool skipped() const { return PQresultStatus(result_.get()) == PGRES_PIPELINE_ABORTED; }
  bool is_row() const;      ///< one of those that stream() gets
  bool synced() const;      ///< the end of an exchange
  bool has_failed() const;  ///< an error's answer; a lost connection gives none
  std::string sql_state() const;
  std::string message() const;
  std::string tag() const { return PQcmdStatus(result_.get()); }

  /// How many rows an INSERT, UPDATE or DELETE changed.
  std::uint64_t changed() const;

  int rows() const { return PQntuples(result_.get()); }
  /// The row that the columns below are of.
  void at(int row) { row_ = row; }
  bool absent(int column) const override { return PQgetisnull(result_.get(), row_, column) != 0; }
  std::int64_t integer(int column) const override;
  std::string_view bytes(int column) const override;

 private:
  std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
  int row_ = 0;
};

/// The answers to the requests, in order; fewer if the connection was lost on the way.
struct Answers {
  std::vector<Answer> answers;
  bool lost = false;
  std::string error;  ///< why it was lost

  /// The first failure, if any.
  const Answer* failed() const;
};

class Connection {
 public:
  enum class Use { write, read };
  static Result<std::unique_ptr<Connection>> open(const std::string& url, const PostgresOptions& options, Use use);

  bool lost() const { return lost_; }
  Answers exchange(const std::vector<Request>& requests);
  /// The rows of one SELECT as they come, one at a time, whatever their number. `each` gives false to end it, which
  /// loses the connection: there may be no end to what would have to be read first.
  Result<Done> stream(const std::string& sql, const std::function<bool(const RowView&)>& each);
  /// Runs texts without values in one round trip; unavailable if any fails.
  Result<Done> run(const std::vector<std::string>& texts);
  /// How an Error names this database. Never holds the URL, which may hold a password.
  Error unavailable(const std::string& why) const;

 private:
  Connection(PGconn* handle, const PostgresOptions& options) : handle_(handle, PQfinish), options_(options) {}

  using Deadline = std::chrono::steady_clock::time_point;
  bool send(const Request& request);
  bool flush(Deadline deadline);
  /// Waits until an answer (or the end of one: nullptr) can be had without blocking.
  bool await_answer(Deadline deadline);
  PGresult* next_result();
  bool wait(short events, Deadline deadline);
  bool lose(std::string why);

  std::unique_ptr<PGconn, void (*)(PGconn*)> handle_;
  PostgresOptions options_;
  bool lost_ = false;
  std::string error_;
};

}  // namespace troupe::store::postgres
