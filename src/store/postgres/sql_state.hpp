// What a failure of PostgreSQL means to a commit. Internal to this room.
//
//   retry         40001, 40P01, 55P03: serialization failure, deadlock, lock not available; the same may succeed again
//   full          53100: no room on the disk
//   read_only     25006: the session, the database or the server takes no writes
//   refused       21, 22, 23, 54: the values of some row are at fault (a key that exists, text with a NUL, a number too
//                 large)
//   unavailable   all others: no row is at fault (shutting down, too many connections, cancelled, no such table)
#pragma once

#include <string>
#include <string_view>

#include "troupe/port/store.hpp"

namespace troupe::store::postgres {

enum class FailureKind { retry, full, read_only, refused, unavailable };
FailureKind kind_of(std::string_view sql_state);

/// How a commit that failed before COMMIT, or whose COMMIT was refused, is answered.
CommitReply reply_of(FailureKind kind, std::string message);

}  // namespace troupe::store::postgres
