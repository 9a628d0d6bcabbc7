// A workflow definition, compiled: what the core runs. Made by the codec room from JSON or YAML, checked by
// domain/validation.hpp, immutable once stored; a change is a new version.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/error.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/rate_limit.hpp"

namespace troupe {

/// Position of a step in its definition.
using StepIndex = std::uint16_t;
using ItemIndex = std::uint32_t;

/// The numbers are stored: never reuse one.
enum class StepType : std::uint8_t {
  noop = 0,
  delay = 1,
  http = 2,
  exec = 3,
  transform = 4,
  generate = 5,
  signal = 6,
  approval = 7,
  workflow = 8,
};

std::string_view step_type_text(StepType type);
/// `webhook` is another name of `http`.
std::optional<StepType> step_type_from_text(std::string_view text);
/// Does the step's work happen outside this process, so that its start is committed before it is dispatched?
bool leaves_process(StepType type);
/// Does the step wait for a message from outside, so that no worker has anything to do?
inline bool waits_for_message(StepType type) { return type == StepType::signal || type == StepType::approval; }
/// Is there nothing for a worker to do?
inline bool needs_no_worker(StepType type) { return type == StepType::delay || waits_for_message(type); }
/// Does the step's work tell how it goes on, so that its silence means something?
inline bool gives_signs_of_life(StepType type) { return type == StepType::exec || type == StepType::generate; }

enum class Backoff : std::uint8_t { fixed = 0, linear = 1, exponential = 2 };
enum class Jitter : std::uint8_t { none = 0, full = 1 };

/// How a failed attempt is repeated. `max_attempts` counts the first one.
struct RetryPolicy {
  int max_attempts = 3;
  Backoff backoff = Backoff::exponential;
  Millis initial{1'000};
  double factor = 2.0;
  Millis max{60'000};
  Jitter jitter = Jitter::full;
  std::vector<ErrorCode> on;        ///< only these are retried, whatever the error says; empty: what the error says
  std::vector<ErrorCode> never_on;  ///< these are not retried

  bool operator==(const RetryPolicy&) const = default;
};

/// How a step that succeeded is undone when its run does not.
struct Compensation {
  StepType type = StepType::noop;
  Document config;  ///< JSON object, with expressions
  Millis timeout{60'000};
  RetryPolicy retry;
};

/// What an item that fails for good means for its step. The numbers are not stored.
enum class ItemFailures : std::uint8_t {
  fail_fast = 0,  ///< the step fails with it
  collect = 1,    ///< the others go on; the step succeeds, and tells which items failed
};

struct StepDefinition {
  std::string name;
  StepType type = StepType::noop;
  std::vector<StepIndex> needs;  ///< sorted; all of them must have succeeded or been skipped
  Document config;               ///< JSON object, with expressions
  std::string when;              ///< a jq expression; empty: always
  std::string for_each;          ///< a jq expression that gives a list; empty: one item, without a value
  RetryPolicy retry;
  ItemIndex max_parallel = limits::kItemsLive;  ///< items under way at once
  ItemFailures item_failures = ItemFailures::fail_fast;
  Millis timeout{60'000};   ///< of one attempt, from its start; of a step that waits for a message: of its waiting
  Millis queue_timeout{0};  ///< longest wait of an attempt for a worker; 0: no limit
  Millis total_timeout{0};  ///< of the whole step, from its beginning; 0: no limit
  Millis heartbeat{0};      ///< longest silence of a running attempt; 0: no limit
  bool idempotent = true;   ///< false: neither it nor its undoing is started again when in doubt
  std::string pool = "default";
  Document requires_labels;  ///< JSON object of what a worker must have; absent: anything
  std::string affinity;      ///< template text; empty: none
  std::optional<Compensation> compensate;

  bool collects_failures() const { return item_failures == ItemFailures::collect; }
  const RetryPolicy& retry_of(bool compensation) const { return compensation ? compensate->retry : retry; }
  StepType type_of(bool compensation) const { return compensation ? compensate->type : type; }
  Millis timeout_of(bool compensation) const { return compensation ? compensate->timeout : timeout; }
  /// May it be started again though it may have been done? Of a `workflow` the job is found again, not made twice.
  bool may_be_repeated(bool compensation) const { return idempotent || type_of(compensation) == StepType::workflow; }
  /// Is the start of its work durable before the work begins? Where it leaves the process, where it must not be done
  /// twice, and where it must be known after a crash whether it still waited for a worker.
  bool commits_start(bool compensation) const {
    return leaves_process(type_of(compensation)) || !idempotent || (!compensation && queue_timeout > Millis(0));
  }
};

inline constexpr Millis kRetentionDefault{90LL * 24 * 3600 * 1000};

struct WorkflowDefinition {
  std::string key;
  std::uint32_t version = 0;
  std::string name;
  std::string description;
  Document inputs_schema;                       ///< JSON Schema; absent: any object
  Millis timeout = limits::kRunTimeoutDefault;  ///< of a run whose job names none; also the maximum if `timeout_given`
  bool timeout_given = false;
  Millis retention = kRetentionDefault;  ///< of a job with its audit trail, after its end
  int concurrency_limit = 0;             ///< runs at once per concurrency key; 0: no limit
  std::string concurrency_key;
  RateLimit rate_limit;        ///< of its new jobs and retries; of the newest version, whatever version they name
  std::string rate_limit_key;  ///< a jq expression: a bucket for each of its values; empty: one for all
  std::vector<StepDefinition> steps;
  Document outputs;  ///< JSON value, with expressions; absent: `{}`

  std::optional<StepIndex> find_step(std::string_view step) const;
};

using WorkflowPtr = std::shared_ptr<const WorkflowDefinition>;

}  // namespace troupe
