// The server's log: one line an event, on standard error. Text for people, JSON for machines.
//
//   log::info("job accepted", {{"job", id}, {"workflow", key}, {"request", request_id}});
//
// Any thread may log. A level that is off costs one relaxed load; ids are formatted only when a line is written. Field
// names are the field's words: job, run, request, trace, step, attempt, worker, node, error. Values of fields that are
// named like a secret are replaced (is_secret_name in log_format.hpp); control characters are escaped, so that no value
// can forge a line.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "troupe/base/error.hpp"
#include "troupe/base/id.hpp"

namespace troupe::log {

enum class Level : std::uint8_t { debug = 0, info = 1, warning = 2, error = 3, off = 4 };
std::string_view level_text(Level level);
std::optional<Level> level_from_text(std::string_view text);

enum class Format : std::uint8_t { automatic, text, json };  ///< automatic: text on a terminal, else JSON
/// `auto`, `text`, `json`
std::optional<Format> format_from_text(std::string_view text);

/// A field's value. Does not own text: it lives until the end of the logging call.
class Value {
 public:
  using Uuid = std::array<std::uint8_t, 16>;
  using Variant = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, Uuid>;

  Value(const char* text) : value_(std::string_view(text)) {}         // NOLINT: implicit on purpose, as are all below
  Value(std::string_view text) : value_(text) {}                      // NOLINT
  Value(const std::string& text) : value_(std::string_view(text)) {}  // NOLINT
  Value(bool value) : value_(value) {}                                // NOLINT
  Value(double value) : value_(value) {}                              // NOLINT
  template <std::signed_integral Number>
  Value(Number value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  template <std::unsigned_integral Number>
  Value(Number value) : value_(static_cast<std::uint64_t>(value)) {}  // NOLINT
  template <class Tag>
  Value(const Id<Tag>& id) : value_(id.bytes) {}                        // NOLINT
  Value(ErrorCode code) : value_(code_text(code)) {}                    // NOLINT
  Value(Millis duration) : value_(static_cast<double>(duration.count()) / 1e3) {}  // NOLINT: in seconds

  const Variant& get() const { return value_; }

 private:
  Variant value_;
};

struct Field {
  std::string_view name;
  Value value;
};
using Fields = std::initializer_list<Field>;

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
