#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace troupe::cli {

Terminal Terminal::of_process() {
  Terminal terminal{std::cin, std::cout, std::cerr};
  const char* kind = std::getenv("TERM");
  terminal.interactive = isatty(STDOUT_FILENO) == 1 && !(kind && std::string_view(kind) == "dumb");
  const char* no_colour = std::getenv("NO_COLOR");  // no-color.org: set and not empty
  terminal.colour = terminal.interactive && !(no_colour && *no_colour);
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
  return terminal;
}

}  // namespace troupe::cli
