// Where a command reads and writes: the process's streams, or a test's.
#pragma once

#include <iosfwd>

namespace troupe::cli {

struct Terminal {
  std::istream& in;
  std::ostream& out;  ///< results, and nothing else
  std::ostream& err;  ///< what went wrong, and remarks for people
  bool interactive = false;  ///< is `out` a terminal? Then bars are redrawn in place
  bool colour = false;       ///< a terminal, and NO_COLOR is not set
  int width = 80;            ///< columns

  static Terminal of_process();
};

}  // namespace troupe::cli
