// Reads the members of one JSON object of a definition: each by name and kind, with a fault at its pointer when it is
// something else, and at the end a fault for every member that nobody asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Does a string of this value hold `${`, so that it can be checked only when it is evaluated?
bool holds_expressions(const Json& value);

/// A number of seconds, or text such as `1h30m`.
std::optional<Millis> duration_from_json(const Json& value);
inline constexpr std::string_view kDurationExpected =
    "must be a number of seconds, or text such as \"250ms\", \"30s\" or \"1h30m\"";

class ObjectReader {
 public:
  /// A value that is no object is a fault; every member is then absent.
  ObjectReader(const Json& value, std::string pointer, std::vector<Fault>& faults);

  /// The member, whatever it is; null when absent.
  const Json* any(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<double> number(std::string_view name, double least, double most);
  /// Longer than nothing, unless `zero_allowed`.
  std::optional<Millis> duration(std::string_view name, bool zero_allowed = false);
  /// The index of the member's text in `choices`.
  std::optional<std::size_t> choice(std::string_view name, const std::vector<std::string_view>& choices);
  const Json* object(std::string_view name);

  void require(std::string_view name);
  void fault(std::string_view name, std::string message);
  std::string pointer(std::string_view name) const { return pointer_append(pointer_, name); }

  /// In a configuration, a value with expressions is known only later: from here on such members are passed over.
  void skip_expressions() { skips_expressions_ = true; }
  /// Faults for members that were never asked for. `what` holds them: "a step has no field".
  void refuse_others(std::string_view what);

 private:
  /// The member if it is there and to be checked now.
  const Json* find(std::string_view name);

  const Json* object_;
  std::string pointer_;
  std::vector<Fault>& faults_;
  std::vector<std::string_view> known_;
  bool skips_expressions_ = false;
};

}  // namespace troupe
