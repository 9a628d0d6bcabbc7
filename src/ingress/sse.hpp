// Server-Sent Events (the WHATWG's text/event-stream) over live events.
//
// The stream of one job:
//   - without Last-Event-ID it begins with a `status` event that has no id: the job as it is now
//   - durable events have the seq of their audit record as id; soft ones (progress, log, preview) have none
//   - it ends when the newest run has ended and has said so; a job that ended before is told by the first event
//   - a client that comes back with the last id of an ended job gets 204, which tells an EventSource to stop asking
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingress/exchange.hpp"

namespace troupe::ingress {

inline constexpr Millis kHeartbeat = std::chrono::seconds(15);

/// One event as text. An id of 0 is left out.
std::string format_event(std::string_view kind, std::uint64_t id, std::string_view data);

/// `job` as it was a moment ago; what has happened since follows.
void stream_job_events(const ExchangePtr& exchange, const JobView& job, std::optional<std::uint64_t> after_seq);
/// Everything the filter lets through, from now on. Without ids: the seqs of different jobs say nothing together.
void stream_all_events(const ExchangePtr& exchange, EventFilter filter);
}  // namespace troupe::ingress
