// The only owner of sqlite3: a connection with its prepared statements. One thread at a time. Internal to this room.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "store_sql/fields.hpp"
#include "store_sql/session.hpp"
#include "store_sqlite/sqlite_store.hpp"

namespace troupe::store::sqlite {

/// A prepared statement: fields are bound one after another, then it is stepped through, then reset.
class Statement final : public FieldSink, public RowView {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  ~Statement() override { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // What is bound must live until the statement is reset.
  void uuid(const Uuid& value) override;
  void integer(std::int64_t value) override;
  void text(std::string_view value) override;
  void bytes(std::optional<std::string_view> value) override;

  /// SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(statement_); }
  /// For statements without rows: steps once and resets. SQLITE_DONE or an error.
  int run();
  void reset();

  bool absent(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string_view bytes(int column) const override;

 private:
  sqlite3_stmt* statement_;
  int next_ = 1;
};

class Connection final : public Session {
 public:
  /// load: writes an empty database in one large transaction. With a rollback journal, which holds only pages that were
  /// there before, that needs the room once; a write-ahead log would need it twice.
  /// checkpoint: writes nothing but what is in the log already.
  enum class Mode { write, load, read, checkpoint };
  static Result<std::unique_ptr<Connection>> open(const std::string& path, const SqliteOptions& options, Mode mode);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Prepared once, kept, ready to be bound; nullptr if it cannot be prepared (code() and message() tell).
  Statement* prepare(const std::string& sql);
  /// Several statements at once, without values. SQLITE_OK or an error.
  int execute(const std::string& sql);

  int changes() const { return sqlite3_changes(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  int code() const { return sqlite3_extended_errcode(handle_); }
  /// Of a writing connection: the pages that the write-ahead log held after its last commit.
  int log_pages() const { return log_pages_; }
  struct Checkpoint {
    int log = 0;    ///< pages that the log holds
    int moved = 0;  ///< of these, pages that the file has as well
  };
  /// Moves what no reader is in the way of from the log into the file, and waits for nobody. Nothing: it failed, or
  /// someone else is doing it.
  std::optional<Checkpoint> checkpoint();
  /// Has the file's pages written to the disk. False: the disk fails.
  bool sync();

  /// What the last call failed with, with the file's name.
  std::string message() const;
  Error unavailable() const { return {ErrorCode::store_unavailable, message(), true, {}}; }

  Result<Done> select(const std::string& sql, const std::vector<Value>& values,
                      const std::function<bool(const RowView&)>& each) override;
  bool usable() const override { return true; }

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  std::string path_;
  int log_pages_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

}  // namespace troupe::store::sqlite
