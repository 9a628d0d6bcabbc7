// Lists that come by pages: which page is asked for, and how to come to the next one.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/display.hpp"
#include "cli/target.hpp"
#include "cli/terminal.hpp"

namespace troupe::cli {

struct PageOptions {
  int limit = 50;
  std::string cursor;

  void add_to(CLI::App& command) {
    command.add_option("--limit", limit, "At most so many")->check(CLI::Range(1, 500))->capture_default_str();
    command.add_option("--cursor", cursor, "Go on where an earlier list ended");
  }
  std::string of(Target target) const {
    return target.query("limit", std::to_string(limit)).query("cursor", cursor).text();
  }
};

inline void print_next_page(const Terminal& terminal, const Json& page) {
  if (const std::string next = member_text(page, "next_cursor"); !next.empty())
    terminal.err << "more: --cursor " << next << '\n';
}

}  // namespace troupe::cli
