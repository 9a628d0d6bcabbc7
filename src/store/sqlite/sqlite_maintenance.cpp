#include "store_sqlite/sqlite_maintenance.hpp"

#include <filesystem>

#include "store_sqlite/file_lock.hpp"
#include "store_sqlite/migrations.hpp"

namespace troupe::store::sqlite {
namespace {

/// Damage beyond this is not listed: it tells nothing new.
constexpr int kFindingsMax = 100;

/// Of the file and its log.
std::uint64_t bytes_of(const std::string& path) {
  std::uint64_t bytes = 0;
  for (const std::string& file : {path, path + "-wal"}) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(file, absent);
    if (!absent) bytes += size;
  }
  return bytes;
}

bool is_damage(int code) { return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB; }

/// Moves the log into the file and empties it.
Result<Done> empty_log(Connection& connection) {
  bool busy = false;
  auto done = connection.select("PRAGMA wal_checkpoint(TRUNCATE)", {}, [&](const RowView& row) {
    busy = row.integer(0) != 0;
    return true;
  });
  if (done && busy)
    return Error{
        ErrorCode::store_unavailable, "another process is reading the database: the log cannot be emptied", true, {}};
  return done;
}

class SqliteMaintenance final : public StoreMaintenance {
 public:
  SqliteMaintenance(std::string path, const SqliteOptions& options) : path_(std::move(path)), options_(options) {}

  Result<SchemaChange> schema() override {
    auto connection = Connection::open(path_, options_, Connection::Mode::read);
    if (!connection) return std::move(connection).error();
    return schema_of(**connection);
  }

  Result<std::vector<StoreFinding>> check() override {
    auto connection = Connection::open(path_, options_, Connection::Mode::read);
    if (!connection) return std::move(connection).error();
    std::vector<StoreFinding> findings;
    const auto read =
        (*connection)
            ->select("PRAGMA integrity_check(" + std::to_string(kFindingsMax) + ")", {}, [&](const RowView& row) {
              if (row.bytes(0) != "ok") findings.push_back({false, path_, std::string(row.bytes(0))});
              return true;
            });
    if (!read && !is_damage((*connection)->code())) return read.error();
    if (!read) findings.push_back({false, path_, read.error().message});
    return findings;
  }

  Result<SpaceChange> vacuum() override {
    if (const auto found = schema(); !found) return found.error();  // and the file is not made by looking at it
    auto lock = FileLock::take(path_);
    if (!lock) return std::move(lock).error();
    auto connection = Connection::open(path_, options_, Connection::Mode::write);
    if (!connection) return std::move(connection).error();
    const std::uint64_t before = bytes_of(path_);
    if (auto emptied = empty_log(**connection); !emptied) return emptied.error();
    if ((*connection)->execute("VACUUM") != SQLITE_OK) return (*connection)->unavailable();
    if (auto emptied = empty_log(**connection); !emptied) return emptied.error();
    return SpaceChange{before, bytes_of(path_)};
  }

  Result<std::unique_ptr<StoreSnapshot>> snapshot() override { return take_sqlite_snapshot(path_, options_); }

  Result<std::unique_ptr<StoreLoader>> load(std::int64_t schema_version) override {
    return make_sqlite_loader(path_, options_, schema_version);
  }

 private:
  const std::string path_;
  const SqliteOptions options_;
};

}  // namespace

std::unique_ptr<StoreMaintenance> make_sqlite_maintenance(std::string path, const SqliteOptions& options) {
  return std::make_unique<SqliteMaintenance>(std::move(path), options);
}

}  // namespace troupe::store::sqlite
