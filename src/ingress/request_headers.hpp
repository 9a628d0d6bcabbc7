// The request headers that routes understand, read by their own grammars.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingress/http.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe::ingress {

/// `Prefer: wait=N` (RFC 7240), cut at limits::kPreferWaitSeconds. As the RFC demands, what is not understood counts as
/// absent; so does `wait=0`.
std::optional<Millis> preferred_wait(const Request& request);

/// A valid W3C `traceparent`, else nothing: a job that was given none has one by its id (actors/job/run_loader.hpp).
std::string trace_of(const Request& request);

/// The trace id (32 hex digits) inside what trace_of gave.
std::string_view trace_id(std::string_view traceparent);

/// The text inside an Idempotency-Key: a structured-field string in quotes, or bare. Nothing if the header is absent;
/// malformed_request if it is empty, malformed or longer than limits::kIdempotencyKeyChars.
Result<std::optional<std::string>> idempotency_key(const Request& request);

/// `type/subtype` in lower case, without parameters. Nothing if the header is absent, or names a charset that is not
/// UTF-8.
std::optional<std::string> media_type(const Request& request);

/// A range of a content of `size` bytes, as `Range` asks for it.
struct ByteRange {
  std::uint64_t offset = 0, length = 0;
};
/// Nothing: send all (no Range, an unknown unit, several ranges or a malformed one: RFC 9110, 14.2 lets a server ignore
/// them). range_not_satisfiable: it lies outside.
Result<std::optional<ByteRange>> byte_range(std::string_view header, std::uint64_t size);

/// Does the list of an If-None-Match name this tag (weak comparison), or everything?
bool names_etag(std::string_view header, std::string_view etag);

}  // namespace troupe::ingress
