// Values as a source gave them, and how they become typed fields. The bottom of the room: knows types and rules,
// neither keys nor files.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "troupe/domain/rate_limit.hpp"

namespace troupe {

/// A value before it has a type: a piece of a TOML file, or the text of an environment variable or a flag.
struct RawValue {
  enum class Kind { bare, text, integer, real, boolean, list, table, other };

  Kind kind = Kind::bare;          ///< bare: text from a source that has no types of its own
  std::string text;                ///< of scalars
  std::vector<RawValue> elements;  ///< of a list
  std::vector<RawValue> members;   ///< of a table, in the order of the file
  std::string name;                ///< of a member, within its table
  int line = 0;                    ///< in its file; 0: no file
};

/// What a value must satisfy besides its type, and what a person is told of it.
struct Rule {
  std::string_view help;                  ///< one sentence
  std::string_view unit = {};             ///< what a number counts
  std::int64_t min = 0, max = INT64_MAX;  ///< of numbers; of durations in milliseconds
  std::vector<std::string_view> choices = {};
  std::optional<std::string> (*check)(std::string_view text) = nullptr;  ///< what is wrong, or nothing
  std::string_view computed_default = {};  ///< said in place of a default that depends on something else
  bool required = false;
  bool secret = false;  ///< its value is never repeated in a message
};

/// Sets the field. Gives what is wrong (then the field is as it was), or nothing.
using Complaint = std::optional<std::string>;
Complaint assign(std::string& field, const RawValue& value, const Rule& rule);
Complaint assign(int& field, const RawValue& value, const Rule& rule);
Complaint assign(std::size_t& field, const RawValue& value, const Rule& rule);
Complaint assign(Millis& field, const RawValue& value, const Rule& rule);
Complaint assign(HostPort& field, const RawValue& value, const Rule& rule);
Complaint assign(Digest& field, const RawValue& value, const Rule& rule);
Complaint assign(Role& field, const RawValue& value, const Rule& rule);
/// Bare text is split at commas.
Complaint assign(std::vector<std::string>& field, const RawValue& value, const Rule& rule);
Complaint assign(std::map<std::string, std::string>& field, const RawValue& value, const Rule& rule);

/// The value as it is written in TOML.
std::string to_toml(const std::string& value);
std::string to_toml(int value);
std::string to_toml(std::size_t value);
std::string to_toml(Millis value);
std::string to_toml(const HostPort& value);
std::string to_toml(const Digest& value);
std::string to_toml(Role value);
std::string to_toml(const std::vector<std::string>& value);
std::string to_toml(const std::map<std::string, std::string>& value);

///   RATE: JOBS "/" TIME [" burst " JOBS] | "none"
///
/// `100/1m burst 200`: 100 a minute, and 200 at once after a pause; without a burst as many at once as in the time.
/// `none` gives a limit that does not exist. Nothing if it is neither.
std::optional<RateLimit> parse_rate(std::string_view text);

// Checks for Rule::check.
std::optional<std::string> check_http_url(std::string_view text);
std::optional<std::string> check_database_url(std::string_view text);
std::optional<std::string> check_node_name(std::string_view text);
std::optional<std::string> check_absolute_path(std::string_view text);
std::optional<std::string> check_rate(std::string_view text);
/// A CIDR block, an IP address, a host name or `*.domain`.
std::optional<std::string> check_egress_entry(std::string_view text);

}  // namespace troupe
