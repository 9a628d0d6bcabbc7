// Live events of a run: made from its audit records (durable: they carry the record's seq, and are the same whether
// sent live or read back from the journal), and from what its tasks say while they work (soft).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/protocol/messages.hpp"
#include "codec/json.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

/// The job an event is about; the same for all of a job's events.
struct EventSubject {
  JobId job;
  std::string client_job_id;
  std::string client_id;
  std::string workflow_key;
};

/// The durable events of journal rows' records (one canonical JSON a line), in order: `asset` events of a record's
/// assets come before the `status` event that carries its seq, so that resuming after that seq has missed none.
std::vector<LiveEventPtr> events_of_records(const EventSubject& subject, std::string_view records,
                                            std::uint64_t after_seq);

LiveEventPtr running_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskKey& task,
                           const std::string& worker);
LiveEventPtr progress_event(const EventSubject& subject, const RunId& run, const std::string& step,
                            const TaskProgress& progress);
LiveEventPtr preview_event(const EventSubject& subject, const RunId& run, const std::string& step,
                           const TaskPreview& preview);
LiveEventPtr log_event(const EventSubject& subject, const RunId& run, const std::string& step, const TaskLog& log);

}  // namespace troupe
