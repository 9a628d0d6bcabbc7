// How values from a server are shown to a person. Nothing a server sends reaches the terminal as a control character.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"

namespace troupe::cli {

/// Control characters replaced by spaces (line ends kept if asked), so that text can neither move the cursor nor forge
/// a line.
std::string printable(std::string_view text, bool keep_lines = false);
/// Columns that UTF-8 text takes, counting each character as one.
std::size_t columns(std::string_view text);
/// Cut to so many columns, the last one `…` if anything was cut.
std::string cut(std::string_view text, std::size_t width);

/// A member as text: strings bare, numbers and booleans as JSON, absent and null as "".
std::string member_text(const Json& object, std::string_view name);
/// A member, or null.
const Json& member(const Json& object, std::string_view name);
/// `2026-11-21T01:02:03.456Z` → `2026-11-21 01:02:03`
std::string short_time(std::string_view rfc3339);
/// 1234567 → `1.2 MB`
std::string short_bytes(std::uint64_t bytes);
/// 0.42 → `42%`; "" if it is no number.
std::string percent(const Json& fraction);

/// The text in the colour of that status (success green, failed red, …).
std::string in_status_colour(std::string_view status, std::string_view text, bool colour);

/// Rows in columns, each as wide as its widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> heads);
  void add(std::vector<std::string> cells);
  /// Cells of the column headed STATUS are coloured.
  void print(std::ostream& out, bool colour) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace troupe::cli
