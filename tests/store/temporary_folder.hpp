// A folder that is gone when the test is.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "troupe/base/assert.hpp"

namespace troupe::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-store.XXXXXX").string();
    TROUPE_ASSERT(::mkdtemp(pattern.data()) != nullptr, "the test can make a temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace troupe::test
