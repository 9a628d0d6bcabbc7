// The server's log: one line an event, on standard error. Text for people, JSON for machines.
//
//   log::info("job accepted", {{"job", id}, {"workflow", key}, {"request", request_id}});
//
// Any thread may log. Fields without text are left out. A level that is off costs one relaxed load; ids are formatted
// only when a line is written. Field names are the field's words: job, run, request, trace, step, attempt, worker,
// node, error. Values of fields that are named like a secret are replaced (is_secret_name in log_format.hpp); control
// characters are escaped, so that no value can forge a line.
#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/port/log.hpp"

namespace troupe::log {

std::string_view level_text(Level level);
std::optional<Level> level_from_text(std::string_view text);

enum class Format : std::uint8_t { automatic, text, json };  ///< automatic: text on a terminal, else JSON
/// `auto`, `text`, `json`
std::optional<Format> format_from_text(std::string_view text);

struct Options {
  Level level = Level::info;
  Format format = Format::automatic;
  std::ostream* to = nullptr;  ///< null: standard error; else it outlives the logging
};
/// At start; before it, lines go to standard error by the default options.
void configure(const Options& options);
/// Waits until everything logged has been handed to the system.
void flush();

namespace detail {
extern std::atomic<Level> least_level;
void write(Level level, std::string_view message, Fields fields);
}  // namespace detail

inline bool enabled(Level level) { return level >= detail::least_level.load(std::memory_order_relaxed); }

inline void debug(std::string_view message, Fields fields = {}) {
  if (enabled(Level::debug)) detail::write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  if (enabled(Level::info)) detail::write(Level::info, message, fields);
}
inline void warning(std::string_view message, Fields fields = {}) {
  if (enabled(Level::warning)) detail::write(Level::warning, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  if (enabled(Level::error)) detail::write(Level::error, message, fields);
}

}  // namespace troupe::log
