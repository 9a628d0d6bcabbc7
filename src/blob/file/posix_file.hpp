// The few file operations of the file store and of backups, with their failures as errors.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/fd.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// `errno` as an error: disk_full (retryable) where there is no room, else io_failed; names the act and the path.
Error file_error(std::string_view act, const std::string& path);

Result<Done> make_directory(const std::string& path);  ///< its parent must exist; one that exists is fine
Result<Done> write_all(const Fd& file, std::string_view bytes, const std::string& path);
Result<Done> sync_file(const Fd& file, const std::string& path);
/// Makes the names in a directory durable.
Result<Done> sync_directory(const std::string& path);

}  // namespace troupe
