// The secrets that the configuration names. Which there are is fixed at the start; what a file holds is read anew each
// time, so that a rotated value counts at once. Nothing is kept in memory but the values of the environment.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/port/secrets.hpp"

namespace troupe {

/// Either a variable or a file.
struct SecretSource {
  std::string name;
  std::string env;
  std::string file;
};

class ConfiguredSecrets final : public Secrets {
 public:
  static constexpr std::size_t kBytesMax = 64 << 10;
  using ReadVariable = std::function<std::optional<std::string>(const std::string& name)>;

  /// Fails with invalid_configuration and a fault for each secret that is missing or not usable. No message holds a
  /// value.
  static Result<std::unique_ptr<ConfiguredSecrets>> open(const std::vector<SecretSource>& sources,
                                                         const ReadVariable& read_variable);

  Result<std::string> resolve(std::string_view name) override;

  /// The secrets whose values are shorter than `bytes` now.
  std::vector<std::string> shorter_than(std::size_t bytes);

 private:
  struct Place {
    std::string file;   ///< empty: `value`
    std::string value;  ///< of a variable
  };
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace troupe
