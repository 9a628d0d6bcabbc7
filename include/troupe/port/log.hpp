// Port: the log, as the core writes to it, and the vocabulary of structured fields. Implemented over the telemetry
// room; a silent one serves tests. Thread-safe, cheap, never blocks, never fails.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "troupe/base/error.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"

namespace troupe {
namespace log {

enum class Level : std::uint8_t { debug = 0, info = 1, warning = 2, error = 3, off = 4 };

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
  Value(const Id<Tag>& id) : value_(id.bytes) {}                                   // NOLINT
  Value(ErrorCode code) : value_(code_text(code)) {}                               // NOLINT
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

}  // namespace log

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(log::Level level, std::string_view message, log::Fields fields) = 0;
};

}  // namespace troupe
