// The Store port over one SQLite file: WAL, synchronous=FULL, one writing connection, a pool of reading ones.
//
// The file belongs to one writing process at a time (an advisory lock on PATH.lock, held by the writers); a second one
// gets store_unavailable. Reading beside a server (troupe audit verify) is fine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe {

struct SqliteOptions {
  /// How long a statement waits for a lock of another connection. 0 ms … 60 s.
  Millis busy_timeout{5'000};
  /// Memory for cached pages, each connection: what is not in it is in the cache of the system. 1 … 4096 MiB.
  int cache_mib = 16;
  /// The largest size of the database file, in pages of 4 KiB; a commit that needs more is answered `full`.
  /// 0 (no bound but the disk) … 4294967294.
  std::int64_t max_pages = 0;

  std::vector<Fault> validate() const;
};

std::unique_ptr<Store> make_sqlite_store(std::string path, SqliteOptions options = {});

}  // namespace troupe
