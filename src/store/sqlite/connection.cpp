#include "store_sqlite/connection.hpp"

namespace troupe::store::sqlite {

void Statement::uuid(const Uuid& value) {
  sqlite3_bind_blob(statement_, next_++, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
}

void Statement::integer(std::int64_t value) { sqlite3_bind_int64(statement_, next_++, value); }

void Statement::text(std::string_view value) {
  // A null pointer would bind NULL.
  sqlite3_bind_text64(statement_, next_++, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bytes(std::optional<std::string_view> value) {
  if (!value)
    sqlite3_bind_null(statement_, next_++);
  else
    sqlite3_bind_blob64(statement_, next_++, value->empty() ? "" : value->data(), value->size(), SQLITE_STATIC);
}

int Statement::run() {
  const int code = step();
  reset();
  return code;
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  next_ = 1;
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data ? std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size)) : std::string_view();
}

namespace {

/// SQLite's statistics of memory, which nobody reads, cost every allocation a lock.
void switch_statistics_off() {
  static const int done =
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // refused once SQLite is in use, which is harmless
  (void)done;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, const SqliteOptions& options, Mode mode) {
  switch_statistics_off();
  sqlite3* handle = nullptr;
  // A reader of a WAL database must be able to write its shared memory file, hence no SQLITE_OPEN_READONLY.
  const bool creates = mode == Mode::write || mode == Mode::load;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (creates ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (code != SQLITE_OK) return connection->unavailable();

  sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.count()));
  std::string settings = "PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-" +
                         std::to_string(std::int64_t{options.cache_mib} * 1024) + ';';
  if (mode == Mode::write) {
    settings += "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";
    // In place of SQLite's own, which has the COMMIT that fills the log move all of it: see checkpointer.hpp.
    const auto note_pages = [](void* self, sqlite3*, const char*, int pages) {
      static_cast<Connection*>(self)->log_pages_ = pages;
      return SQLITE_OK;
    };
    sqlite3_wal_hook(handle, note_pages, connection.get());
    if (options.max_pages > 0) settings += "PRAGMA max_page_count=" + std::to_string(options.max_pages) + ';';
  } else if (mode == Mode::load) {
    settings += "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;";
  } else if (mode == Mode::checkpoint) {
    settings += "PRAGMA synchronous=FULL;";
  } else {
    settings += "PRAGMA query_only=ON;";
  }
  if (connection->execute(settings) != SQLITE_OK) return connection->unavailable();
  return connection;
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

Statement* Connection::prepare(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
  // `$1` is a name to SQLite, numbered by its first appearance; `?1` is what PostgreSQL means by it.
  std::string numbered = sql;
  for (char& c : numbered)
    if (c == '$') c = '?';
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, numbered.c_str(), static_cast<int>(numbered.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK)
    return nullptr;
  return statements_.emplace(sql, std::make_unique<Statement>(statement)).first->second.get();
}

int Connection::execute(const std::string& sql) {
  return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
}

std::optional<Connection::Checkpoint> Connection::checkpoint() {
  Checkpoint done;
  if (sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &done.log, &done.moved) != SQLITE_OK)
    return std::nullopt;
  return done;
}

bool Connection::sync() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_, nullptr, SQLITE_FCNTL_FILE_POINTER, &file);
  return file == nullptr || file->pMethods == nullptr || file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

std::string Connection::message() const {
  return "SQLite, " + path_ + ": " + (handle_ ? sqlite3_errmsg(handle_) : "out of memory");
}

Result<Done> Connection::select(const std::string& sql, const std::vector<Value>& values,
                                const std::function<bool(const RowView&)>& each) {
  Statement* statement = prepare(sql);
  if (statement == nullptr) return unavailable();
  for (const Value& value : values) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      statement->integer(*integer);
    else if (const auto* text = std::get_if<std::string>(&value))
      statement->text(*text);
    else if (const auto* uuid = std::get_if<Uuid>(&value))
      statement->uuid(*uuid);
    else
      statement->bytes(std::get<BytesValue>(value).bytes);
  }
  int code = SQLITE_ROW;
  bool sound = true;
  while (sound && (code = statement->step()) == SQLITE_ROW) sound = each(*statement);
  Result<Done> result = Done{};
  if (!sound)
    result = Error{ErrorCode::store_corrupt, "SQLite, " + path_ + ": a row cannot be read", false, {}};
  else if (code != SQLITE_DONE)
    result = unavailable();
  statement->reset();
  return result;
}

}  // namespace troupe::store::sqlite
