// A journal row's records as they stand in the database, in both engines. Everywhere else they are plain text.
//
//   stored    plain | packed
//   plain     the records: canonical JSON, one a line, so the first byte is '{'. All rows of schemas before version 5,
//             and what would not get smaller
//   packed    0x01 frame; other control characters are left for other ways of packing
//   frame     a zstd frame (RFC 8878) without its first four bytes, the magic number; with the size of its content,
//             without a checksum (the hash chain is one); made with dictionary 1 (journal_dictionary.hpp)
//
// Any thread; each keeps what zstd works with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::store {

/// Longer records are stored plain. So no row makes a reader allocate more than this, whoever wrote it. The longest
/// that a commit usually writes are 18 KB: a hundred removed jobs, or a step with 64 pictures.
inline constexpr std::size_t kPackedRecordsMax = 1 << 20;

/// What is read where packed bytes are damaged. It is no record of any chain, so a verification names the row's first
/// record; a failed read would only tell that the store is corrupt, and hide the job's other records.
inline constexpr std::string_view kUnreadableRecords = "{\"unreadable\":\"the stored bytes cannot be unpacked\"}\n";

/// Valid until this thread packs again.
std::string_view pack_records(std::string_view records);
std::string unpack_records(std::string stored);

}  // namespace troupe::store
