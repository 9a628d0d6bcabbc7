// Secrets of a test: what it says, as it is now.
#pragma once

#include <map>
#include <string>

#include "troupe/port/secrets.hpp"

namespace troupe::test {

class FakeSecrets final : public Secrets {
 public:
  Result<std::string> resolve(std::string_view name) override {
    const auto found = values.find(name);
    if (found == values.end())
      return {ErrorCode::unknown_secret, "the server has no secret \"" + std::string(name) + "\""};
    return found->second;
  }

  std::map<std::string, std::string, std::less<>> values;
};

}  // namespace troupe::test
