// The writing connection of one database file, shared by the writers of this process. Internal to this room.
#pragma once

#include <memory>
#include <mutex>

#include "store_sqlite/checkpointer.hpp"
#include "store_sqlite/connection.hpp"
#include "store_sqlite/file_lock.hpp"

namespace troupe::store::sqlite {

/// SQLite has one writer at a time; so the writers of a process share one connection and its lock.
struct WritingConnection {
  std::string path;
  SqliteOptions options;
  std::unique_ptr<FileLock> lock;
  std::mutex mutex;                        ///< guards connection
  std::unique_ptr<Connection> connection;  ///< null after an uncertain commit: opened anew when next needed
  std::unique_ptr<Checkpointer> checkpointer;
};

std::unique_ptr<StoreWriter> make_sqlite_writer(std::shared_ptr<WritingConnection> shared);

}  // namespace troupe::store::sqlite
