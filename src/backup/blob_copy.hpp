// One blob from a store to another, and how a backup lists it. Private to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/port/blob_store.hpp"

namespace troupe::backup {

/// Nothing to say ("") once it is durable there; else what is wrong with it here: it is missing, cannot be read, or is
/// not what it should be. Fails only where it cannot be written. Of a damaged blob a copy by its true digest may stay.
Result<std::string> copy_blob(BlobStore& from, BlobStore& to, const BlobInfo& blob);

/// Reads all of it; as above.
std::string check_blob(BlobStore& blobs, const BlobInfo& blob);

/// `SHA-256  blobs/ab/cdef…` and the end of the line.
std::string blob_list_line(const Digest& sha256);
/// Nothing if it is no such line (given without its end).
std::optional<Digest> read_blob_list_line(std::string_view line);

}  // namespace troupe::backup
