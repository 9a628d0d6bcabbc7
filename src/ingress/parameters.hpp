// Parameters that several routes share, and paging over ids.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingress/query.hpp"
#include "ingress/route.hpp"
#include "troupe/base/id.hpp"

namespace troupe::ingress {

inline constexpr std::string_view kTextSchema = R"({"type":"string"})";
inline constexpr std::string_view kTimeSchema = R"({"type":"string","format":"date-time"})";
inline constexpr std::string_view kFlagSchema = R"({"type":"string","enum":["0","1","true","false"]})";

inline constexpr Parameter kStatusParameter = {"status", R"({"$ref":"#/components/schemas/Status"})",
                                               "Only those with this status."};
inline constexpr Parameter kClientParameter = {"client_id", kTextSchema,
                                               "Only this client's. A credential that is tied to a client sees no "
                                               "other; without one, this tells whose `job_id` is "
                                               "meant."};
inline constexpr Parameter kWorkflowParameter = {"workflow_key", kTextSchema, "Only those of this workflow."};
inline constexpr Parameter kLimitParameter = {"limit", R"({"type":"integer","minimum":1,"maximum":500,"default":50})",
                                              "How many at most."};
inline constexpr Parameter kCursorParameter = {"cursor", kTextSchema, "`next_cursor` of the page before."};

inline constexpr Parameter kPreferHeader = {
    "Prefer", R"({"type":"string","examples":["wait=10"]})",
    "`wait=N`: hold the answer up to N seconds (at most 60) until the job has ended (RFC 7240)."};
inline constexpr Parameter kIdempotencyHeader = {
    "Idempotency-Key", R"({"type":"string","maxLength":255,"examples":["\"8e03978e-40d5-43dd-bc93-6894a57f9324\""]})",
    "The same key with the same body gets the first answer again, with `Idempotency-Replayed: true`. Kept for at least "
    "24 "
    "hours."};
inline constexpr Parameter kTraceHeader = {"traceparent", kTextSchema,
                                           "W3C trace context; continued by the job's work."};

template <class AnyId>
std::string_view id_bytes(const AnyId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

/// The id that a cursor holds.
template <class AnyId>
std::optional<AnyId> id_cursor(Query& query, CursorKind kind) {
  const auto payload = query.cursor(kind);
  if (!payload) return {};
  AnyId id;
  if (payload->size() != id.bytes.size()) {
    query.fail(ErrorCode::invalid_cursor, "cursor is not one that this list gave out.");
    return {};
  }
  std::copy(payload->begin(), payload->end(), id.bytes.begin());
  return id;
}

/// Takes off what was asked for beyond `limit`; the cursor of the last one left if there was any, else "".
template <class T, class MakeCursor>
std::string cut_page(std::vector<T>& items, int limit, MakeCursor make_cursor) {
  if (items.size() <= static_cast<std::size_t>(limit)) return {};
  items.resize(static_cast<std::size_t>(limit));
  return make_cursor(items.back());
}

}  // namespace troupe::ingress
