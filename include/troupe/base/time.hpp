// Points in time and durations. Inside: std::chrono. At the API: RFC 3339 with milliseconds, seconds as a number.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

using Millis = std::chrono::milliseconds;
/// Milliseconds since 1970-01-01 UTC. The epoch itself stands for "not yet".
using Timestamp = std::chrono::sys_time<Millis>;

inline constexpr Timestamp kNever{};

inline std::int64_t to_unix_ms(Timestamp at) { return at.time_since_epoch().count(); }
inline Timestamp from_unix_ms(std::int64_t ms) { return Timestamp(Millis(ms)); }

/// `2026-11-21T01:02:03.456Z`
std::string format_rfc3339(Timestamp at);
/// Any RFC 3339 date-time (offsets allowed, fraction cut to milliseconds), else nothing.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// `250ms`, `30s`, `5m`, `1h30m`, `7d`, `1y` (365 days), or a plain number of seconds (`1.5`). Nothing if malformed,
/// negative or above 100 years.
std::optional<Millis> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back: `1h30m`, `250ms`.
std::string format_duration(Millis duration);

}  // namespace troupe
