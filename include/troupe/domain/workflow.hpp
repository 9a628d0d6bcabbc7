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
#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

/// Position of a step in its definition.
using StepIndex = std::uint16_t;

/// The numbers are stored: never reuse one.
enum class StepType : std::uint8_t {
  noop = 0,
  delay = 1,
  http = 2,
  exec = 3,
  transform = 4,
  generate = 5,
  workflow = 8,
};

std::string_view step_type_text(StepType type);
/// `webhook` is another name of `http`.
std::optional<StepType> step_type_from_text(std::string_view text);
/// Does the step's work happen outside this process, so that its start is committed before it is dispatched?
bool leaves_process(StepType type);

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

  bool operator==(const RetryPolicy&) const = default;
};

/// How a step that succeeded is undone when its run does not.
struct Compensation {
  StepType type = StepType::noop;
  Document config;  ///< JSON object, with expressions
  Millis timeout{60'000};
};

struct StepDefinition {
  std::string name;
  StepType type = StepType::noop;
  std::vector<StepIndex> needs;  ///< sorted; all of them must have succeeded or been skipped
  Document config;               ///< JSON object, with expressions
  std::string when;              ///< a jq expression; empty: always
  std::string for_each;          ///< a jq expression that gives a list; empty: one item, without a value
  RetryPolicy retry;
  Millis timeout{60'000};  ///< of one attempt, from its start
  Millis heartbeat{0};     ///< longest silence of a running attempt; 0: no limit
  bool idempotent = true;  ///< false: never started again when in doubt
  std::string pool = "default";
  Document requires_labels;  ///< JSON object of what a worker must have; absent: anything
  std::string affinity;      ///< template text; empty: none
  std::optional<Compensation> compensate;

  bool commits_start() const { return leaves_process(type) || !idempotent; }
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
  std::vector<StepDefinition> steps;
  Document outputs;  ///< JSON value, with expressions; absent: `{}`

  std::optional<StepIndex> find_step(std::string_view step) const;
};

using WorkflowPtr = std::shared_ptr<const WorkflowDefinition>;

}  // namespace troupe
