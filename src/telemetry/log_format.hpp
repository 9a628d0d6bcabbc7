// A log line as text. Pure, so that it can be tested without a sink.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/log.hpp"
#include "troupe/base/time.hpp"

namespace troupe::log {

/// `{"at":"…","level":"info","message":"…","job":"…"}`, always valid JSON in UTF-8 on one line: invalid bytes become U+FFFD.
std::string format_json(Timestamp at, Level level, std::string_view message, Fields fields);
/// `2026-11-21T01:02:03.456Z INFO    message  job=… error="two words"`
std::string format_text(Timestamp at, Level level, std::string_view message, Fields fields, bool colour);

/// Is a word of the name token, authorization, secret, password, cookie or credential?
bool is_secret_name(std::string_view name);

/// Appends the text as the inside of a JSON string.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace troupe::log
