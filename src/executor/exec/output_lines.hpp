// What a program prints, cut into whole lines: a log shows whole lines, and on stderr a line of the form
//
//   troupe:progress 0.42 rendering
//
// (a number from 0 to 1, then a message or nothing) is progress and no log.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

class OutputLines {
 public:
  /// The lines that are whole now, with their line breaks. A line above 64 KiB comes in pieces.
  std::string take(std::string_view bytes);
  /// What is left at the end of the stream.
  std::string take_rest();

 private:
  std::string partial_;
};

struct Progress {
  double fraction = 0;
  std::string message;
};
/// Nothing if the line (without its line break) is none.
std::optional<Progress> parse_progress(std::string_view line);

}  // namespace troupe
