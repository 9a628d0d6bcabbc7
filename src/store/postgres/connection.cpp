#include "store_postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

namespace troupe::store::postgres {
namespace {

std::string in_ms(Millis value) { return std::to_string(value.count()); }
std::string in_seconds(Millis value) { return std::to_string(std::max<std::int64_t>(value.count() / 1000, 1)); }

std::string trimmed(const char* message) {
  std::string text = message ? message : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// Plans are pinned to index access: on a table that was never analysed the planner else prefers to read all of it, and
/// plans are kept for all values: planning a batch anew costs more than running it.
std::vector<std::string> settings(const PostgresOptions& options, Connection::Use use) {
  std::vector<std::string> list = {"SET enable_seqscan = off",
                                   "SET enable_bitmapscan = off",
                                   "SET enable_hashjoin = off",
                                   "SET enable_mergejoin = off",
                                   "SET jit = off",
                                   "SET statement_timeout = " + in_ms(options.statement_timeout)};
  if (use == Connection::Use::read) {
    list.push_back("SET default_transaction_read_only = on");
    return list;
  }
  list.push_back("SET plan_cache_mode = force_generic_plan");
  list.push_back("SET synchronous_commit = on");
  list.push_back("SET default_transaction_isolation = 'read committed'");
  list.push_back("SET idle_in_transaction_session_timeout = " + in_ms(options.idle_in_transaction_timeout));
  return list;
}

}  // namespace

bool Answer::ok() const {
  const ExecStatusType status = PQresultStatus(result_.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool Answer::is_row() const { return PQresultStatus(result_.get()) == PGRES_SINGLE_TUPLE; }

bool Answer::synced() const { return PQresultStatus(result_.get()) == PGRES_PIPELINE_SYNC; }

bool Answer::has_failed() const { return PQresultStatus(result_.get()) == PGRES_FATAL_ERROR && result_; }

std::string Answer::sql_state() const {
  const char* state = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
  return state ? state : "";
}

std::string Answer::message() const { return "PostgreSQL: " + trimmed(PQresultErrorMessage(result_.get())); }

std::uint64_t Answer::changed() const { return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10); }

std::int64_t Answer::integer(int column) const {
  return load_integer(PQgetvalue(result_.get(), row_, column), PQgetlength(result_.get(), row_, column));
}

std::string_view Answer::bytes(int column) const {
  return {PQgetvalue(result_.get(), row_, column), static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

const Answer* Answers::failed() const {
  for (const Answer& answer : answers)
    if (!answer.ok()) return &answer;
  return nullptr;
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& url, const PostgresOptions& options, Use use) {
  const std::string connect = in_seconds(options.connect_timeout), idle = in_seconds(options.keepalive_idle),
                    interval = in_seconds(options.keepalive_interval), user = in_ms(options.unacknowledged_timeout);
  // What the URL says itself comes later and wins (expand_dbname).
  const char* names[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                         "keepalives_count", "tcp_user_timeout", "application_name",
                         "dbname",           "client_encoding",  nullptr};
  const char* values[] = {connect.c_str(), idle.c_str(), interval.c_str(), "3",    user.c_str(),
                          "troupe",        url.c_str(),  "UTF8",           nullptr};
  std::unique_ptr<Connection> connection(new Connection(PQconnectdbParams(names, values, 1), options));
  PGconn* handle = connection->handle_.get();
  if (PQstatus(handle) != CONNECTION_OK) return connection->unavailable(trimmed(PQerrorMessage(handle)));
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(handle, 1) != 0 || PQenterPipelineMode(handle) != 1)
    return connection->unavailable(trimmed(PQerrorMessage(handle)));
  if (auto set = connection->run(settings(options, use)); !set) return std::move(set).error();
  return connection;
}

Error Connection::unavailable(const std::string& why) const {
  return {ErrorCode::store_unavailable, "PostgreSQL: " + why, true, {}};
}

Result<Done> Connection::run(const std::vector<std::string>& texts) {
  std::vector<Request> requests;
  for (const std::string& text : texts) requests.push_back({Request::Kind::run_text, {}, text, {}});
  const Answers answers = exchange(requests);
  if (answers.lost) return unavailable(answers.error);
  if (const Answer* failed = answers.failed()) return unavailable(failed->message());
  return Done{};
}

Answers Connection::exchange(const std::vector<Request>& requests) {
  Answers answers;
  const Deadline deadline = std::chrono::steady_clock::now() + options_.answer_timeout;
  bool sent = !lost_;
  for (const Request& request : requests) sent = sent && send(request);
  sent = sent && (PQpipelineSync(handle_.get()) == 1 || lose(trimmed(PQerrorMessage(handle_.get()))));
  sent = sent && flush(deadline);
  // Each request gives one result and a null; the sync gives one of its own.
  while (sent && answers.answers.size() < requests.size() && await_answer(deadline))
    if (PGresult* result = next_result()) answers.answers.emplace_back(result);
  for (bool synced = false; !synced && sent && await_answer(deadline);) {
    PGresult* result = next_result();
    synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
  }
  answers.lost = lost_;
  answers.error = error_;
  return answers;
}

Result<Done> Connection::stream(const std::string& sql, const std::function<bool(const RowView&)>& each) {
  const auto deadline = [this] { return std::chrono::steady_clock::now() + options_.answer_timeout; };
  bool going = !lost_ && send({Request::Kind::run_text, {}, sql, {}});
  going = going && (PQsetSingleRowMode(handle_.get()) == 1 || lose("rows cannot be had one by one"));
  going = going && (PQpipelineSync(handle_.get()) == 1 || lose(trimmed(PQerrorMessage(handle_.get()))));
  going = going && flush(deadline());
  std::string failed;
  for (bool synced = false; going && !synced && await_answer(deadline());) {
    const Answer answer(next_result());
    synced = answer.synced();
    if (answer.is_row() && !each(answer)) lose("what was read is not wanted");
    if (answer.has_failed()) failed = answer.message();
    going = !lost_;
  }
  if (lost_) return unavailable(error_);
  return failed.empty() ? Result<Done>(Done{}) : Error{ErrorCode::store_unavailable, failed, true, {}};
}

bool Connection::send(const Request& request) {
  const int count = static_cast<int>(request.parameters.size());
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const Parameter& parameter : request.parameters) {
    types.push_back(parameter.type);
    values.push_back(parameter.bytes.data() ? parameter.bytes.data() : "");  // a null pointer would be NULL
    lengths.push_back(static_cast<int>(parameter.bytes.size()));
  }
  const std::vector<int> formats(request.parameters.size(), 1);
  int sent = 0;
  switch (request.kind) {
    case Request::Kind::prepare:
      sent = PQsendPrepare(handle_.get(), request.name.c_str(), request.sql.c_str(), count, types.data());
      break;
    case Request::Kind::run_prepared:
      sent = PQsendQueryPrepared(handle_.get(), request.name.c_str(), count, values.data(), lengths.data(),
                                 formats.data(), 1);
      break;
    case Request::Kind::run_text:
      sent = PQsendQueryParams(handle_.get(), request.sql.c_str(), count, types.data(), values.data(), lengths.data(),
                               formats.data(), 1);
      break;
  }
  return sent == 1 || lose(trimmed(PQerrorMessage(handle_.get())));
}

bool Connection::flush(Deadline deadline) {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left == 0) return true;
    if (left < 0) return lose(trimmed(PQerrorMessage(handle_.get())));
    // The server may be unable to read on before we have read what it answered.
    if (!wait(POLLIN | POLLOUT, deadline)) return false;
    if (PQconsumeInput(handle_.get()) == 0) return lose(trimmed(PQerrorMessage(handle_.get())));
  }
}

bool Connection::await_answer(Deadline deadline) {
  while (!lost_ && PQisBusy(handle_.get())) {
    if (!wait(POLLIN, deadline)) return false;
    if (PQconsumeInput(handle_.get()) == 0) return lose(trimmed(PQerrorMessage(handle_.get())));
  }
  return !lost_;
}

PGresult* Connection::next_result() {
  PGresult* result = PQgetResult(handle_.get());
  if (PQstatus(handle_.get()) == CONNECTION_BAD) lose(trimmed(PQerrorMessage(handle_.get())));
  return result;
}

bool Connection::wait(short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
    if (left <= Millis(0)) return lose("no answer within " + in_ms(options_.answer_timeout) + " ms");
    pollfd socket{PQsocket(handle_.get()), events, 0};
    if (::poll(&socket, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

bool Connection::lose(std::string why) {
  if (lost_) return false;
  lost_ = true;
  error_ = std::move(why);
  handle_.reset();  // the server must not wait for us, nor we for it
  return false;
}

}  // namespace troupe::store::postgres
