// Schedules: a workflow begun by the clock. Values, and the rule for what to do when the clock comes by; who keeps
// them, and what a firing commits, is in actors/schedule.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/cron.hpp"

namespace troupe {

/// What becomes of times that passed while nobody looked.
enum class MissedRuns : std::uint8_t {
  skip,  ///< nothing
  once,  ///< one job, for the last of them
  all,   ///< one job for each, oldest first; at most kMissedRuns
};
std::string_view missed_runs_text(MissedRuns policy);
std::optional<MissedRuns> missed_runs_from_text(std::string_view text);

/// Of more missed times than these the oldest are dropped.
inline constexpr std::size_t kMissedRuns = 100;
/// A time that is first looked at so much later was missed: the machine slept.
inline constexpr Millis kMissedAfter{10'000};

/// A schedule as it is stored.
inline constexpr std::size_t kScheduleBytes = 64 << 10;

/// Why a time passed without a job.
struct ScheduleFault {
  std::string code;
  std::string message;
  Timestamp at = kNever;  ///< the time that was to be

  bool operator==(const ScheduleFault&) const = default;
};

struct Schedule {
  std::string id;  ///< 1-128 of A–Z a–z 0–9 . _ : -; unique on the server

  // what is wanted
  std::string client_id = "default";
  std::string workflow_key;
  std::uint32_t workflow_version = 0;  ///< 0: the newest at that time
  std::string cron;
  std::string time_zone = "UTC";
  Document inputs;    ///< a JSON object; absent counts as `{}`
  Document metadata;  ///< likewise
  std::string callback_url;
  std::uint8_t priority = 5;
  std::optional<Millis> timeout;
  MissedRuns missed_runs = MissedRuns::skip;

  bool enabled = true;
  Timestamp created_at = kNever;
  std::string created_by;
  Timestamp updated_at = kNever;  ///< of the last change by a person

  // what became of it
  Timestamp next_at = kNever;  ///< kNever: disabled
  Timestamp last_at = kNever;  ///< the last time that a job was begun for
  JobId last_job;
  std::optional<ScheduleFault> last_fault;  ///< of the last time, if it had none
};

/// Do both want the same? Whether they are enabled does not count.
bool same_content(const Schedule& a, const Schedule& b);

/// What is to be done with a schedule now.
struct ScheduleStep {
  enum class Kind : std::uint8_t {
    wait,  ///< until next_at
    fire,  ///< a job for the time `at`
    skip,  ///< the times from `at` to `until` get none; then look again
  };
  Kind kind = Kind::wait;
  Timestamp at = kNever, until = kNever;
  Timestamp next_at = kNever;  ///< of the schedule afterwards; kNever: it will never be due
  bool missed = false;         ///< of a skip: by the policy, because nobody looked in time

  bool operator==(const ScheduleStep&) const = default;
};

/// How a schedule is looked at.
struct ScheduleLook {
  Timestamp now;
  bool first = false;       ///< since the node began: what has passed by now was missed
  Timestamp seen = kNever;  ///< what was due by then was looked at in time, but could not be done yet
};

ScheduleStep next_step(const Schedule& schedule, const CronExpression& cron, const TimeZone& zone,
                       const ScheduleLook& look);

}  // namespace troupe
