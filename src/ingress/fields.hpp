// Reads the members of a JSON object by name and type, and gathers every fault instead of stopping at the first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "troupe/base/result.hpp"

namespace troupe::ingress {

/// A member that is null counts as absent: clients in many languages write their unset fields so.
class Fields {
 public:
  /// Something else than an object is a fault.
  explicit Fields(const Json& object);

  /// Text of 1 … `max` bytes without control characters.
  std::optional<std::string> name(std::string_view member, std::size_t max);
  /// Any text up to `max` bytes.
  std::optional<std::string> text(std::string_view member, std::size_t max);
  std::optional<std::uint64_t> integer(std::string_view member, std::uint64_t low, std::uint64_t high);
  /// Above zero.
  std::optional<double> positive(std::string_view member);
  std::optional<bool> flag(std::string_view member);
  /// Whatever it is; null counts as absent.
  const Json* any(std::string_view member) { return find(member); }
  /// A JSON object, to look into.
  const Json* object(std::string_view member);

  void require(std::string_view member);
  void fault(std::string_view member, std::string message, ErrorCode code = ErrorCode::validation_failed);
  /// At a place deeper than a member.
  void fault_at(std::string pointer, std::string message, ErrorCode code = ErrorCode::validation_failed);
  /// Members that none of the calls above asked for are faults: a typo must not be ignored silently.
  void reject_others();

  /// Nothing, or the faults as one error: its code is the faults' own where they agree, else validation_failed.
  std::optional<Error> error() const;

 private:
  const Json* find(std::string_view member);

  const Json& object_;
  std::vector<std::string> known_;
  std::vector<Fault> faults_;
  std::optional<ErrorCode> code_;
};

}  // namespace troupe::ingress
