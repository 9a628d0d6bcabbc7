// JSON values, for rooms that look inside documents. The core itself moves documents as text (base/bytes.hpp).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "troupe/base/bytes.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// Object members sorted by name; numbers int64, uint64 or double; strings valid UTF-8.
using Json = nlohmann::json;

/// RFC 8259, strictly: no comments, no trailing text, no invalid UTF-8, no duplicate member names, nesting up to
/// `depth`. Fails with malformed_json (line, column and reason) or json_too_deep.
Result<Json> parse_json(std::string_view text, std::size_t depth = limits::kJsonDepth);

/// Canonical JSON (RFC 8785): members sorted by UTF-16 code units, numbers as ECMAScript prints them, no space.
std::string canonical_json(const Json& value);

/// Compact text in the order of the value.
std::string to_text(const Json& value);
inline Document to_document(const Json& value) { return Document(to_text(value)); }
/// The value of a document we wrote ourselves: absent gives `fallback`; malformed is a programmer's error.
Json from_document(const Document& document, Json fallback = Json::object());

/// `{code, message, retryable}` (and `errors` when there are faults), and back.
Json error_to_json(const Error& error);
Error error_from_json(const Json& value);

/// Appends an escaped reference token to a JSON Pointer.
std::string pointer_append(std::string_view pointer, std::string_view token);

}  // namespace troupe
