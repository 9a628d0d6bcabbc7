#include "store_sqlite/sqlite_store.hpp"

#include <mutex>

#include "store_sql/reader.hpp"
#include "store_sqlite/migrations.hpp"
#include "store_sqlite/sqlite_maintenance.hpp"
#include "store_sqlite/sqlite_writer.hpp"

namespace troupe {
namespace store::sqlite {
namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, SqliteOptions options) : path_(std::move(path)), options_(options) {}

  Result<SchemaChange> migrate() override {
    std::unique_ptr<FileLock> lock;
    if (!writes()) {
      if (auto there = Connection::open(path_, options_, Connection::Mode::read))
        if (const auto schema = schema_of(**there); schema && schema->from == schema->to) return *schema;
      // The schema must not change under a server of an older binary.
      auto taken = FileLock::take(path_);
      if (!taken) return std::move(taken).error();
      lock = std::move(*taken);
    }
    auto connection = Connection::open(path_, options_, Connection::Mode::write);
    if (!connection) return std::move(connection).error();
    return sqlite::migrate(**connection);
  }

  Result<std::unique_ptr<StoreWriter>> writer() override {
    const std::lock_guard lock(mutex_);
    auto shared = shared_.lock();
    if (!shared) {
      auto file_lock = FileLock::take(path_);
      if (!file_lock) return std::move(file_lock).error();
      auto connection = Connection::open(path_, options_, Connection::Mode::write);
      if (!connection) return std::move(connection).error();
      shared = std::make_shared<WritingConnection>();
      shared->path = path_;
      shared->options = options_;
      shared->lock = std::move(*file_lock);
      shared->connection = std::move(*connection);
      shared->checkpointer = std::make_unique<Checkpointer>(path_, options_);
      shared_ = shared;
    }
    return make_sqlite_writer(std::move(shared));
  }

  Result<std::shared_ptr<StoreReader>> reader(std::size_t connections) override {
    const auto open = [path = path_, options = options_]() -> Result<std::unique_ptr<Session>> {
      auto connection = Connection::open(path, options, Connection::Mode::read);
      if (!connection) return std::move(connection).error();
      return std::unique_ptr<Session>(std::move(*connection));
    };
    auto reader = std::make_shared<SqlReader>(connections, open);
    if (auto there = reader->ping(); !there) return std::move(there).error();
    return std::shared_ptr<StoreReader>(std::move(reader));
  }

  Result<std::unique_ptr<StoreMaintenance>> maintenance() override { return make_sqlite_maintenance(path_, options_); }

  std::string kind() const override { return "sqlite"; }

 private:
  /// Does this store hold the file's lock already?
  bool writes() {
    const std::lock_guard lock(mutex_);
    return !shared_.expired();
  }

  std::string path_;
  SqliteOptions options_;
  std::mutex mutex_;  ///< guards shared_
  std::weak_ptr<WritingConnection> shared_;
};

}  // namespace
}  // namespace store::sqlite

std::vector<Fault> SqliteOptions::validate() const {
  std::vector<Fault> faults;
  if (busy_timeout < Millis(0) || busy_timeout > Millis(60'000))
    faults.push_back({"/busy_timeout", "must be from 0 ms to 60 s"});
  if (cache_mib < 1 || cache_mib > 4096) faults.push_back({"/cache_mib", "must be from 1 to 4096"});
  if (max_pages < 0 || max_pages > 4'294'967'294) faults.push_back({"/max_pages", "must be from 0 to 4294967294"});
  return faults;
}

std::unique_ptr<Store> make_sqlite_store(std::string path, SqliteOptions options) {
  return std::make_unique<store::sqlite::SqliteStore>(std::move(path), options);
}

}  // namespace troupe
