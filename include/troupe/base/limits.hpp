// Every bound of the system in one place. A limit that users may change has its default here and its key in
// config/troupe.toml.
#pragma once

#include <cstddef>
#include <cstdint>

#include "troupe/base/time.hpp"

namespace troupe::limits {

using namespace std::chrono_literals;

// requests
inline constexpr std::size_t kBodyBytes = 1 << 20;
inline constexpr std::size_t kBatchBytes = 256 << 20;  ///< one batch of jobs; it is never held whole
inline constexpr std::size_t kBatchJobs = 10'000;
inline constexpr std::size_t kBatches = 64;          ///< under way at once
inline constexpr Millis kInputWait = 5ms;            ///< of a request in its socket, before the loop comes to it
inline constexpr Millis kInputWaitInterval = 100ms;  ///< for so long none within it, late submits are refused
inline constexpr std::size_t kHeaderBytes = 16 << 10;
inline constexpr std::size_t kJsonDepth = 64;
inline constexpr Millis kRequestStall = 10s;
inline constexpr Millis kKeepAliveIdle = 60s;
inline constexpr std::size_t kConnections = 10'000;
inline constexpr int kPreferWaitSeconds = 60;
inline constexpr int kPageDefault = 50;
inline constexpr int kPageMax = 500;
inline constexpr std::size_t kClientIdChars = 128;
inline constexpr std::size_t kIdempotencyKeyChars = 255;

// jobs
inline constexpr std::size_t kMetadataBytes = 16 << 10;
inline constexpr Millis kRunTimeoutDefault = 300s;
inline constexpr Millis kRunTimeoutMax = 30 * 24h;
inline constexpr std::size_t kJobsInFlight = 125'000;  ///< live runs on a node before acceptance sheds
inline constexpr int kClientShare = 80;                ///< percent of what the other clients leave of a count
inline constexpr int kClientWeightMax = 1'000;
inline constexpr Millis kQueueMaxWait = 5min;             ///< then a task's turn comes whatever its priority
inline constexpr std::size_t kConcurrencyKeyBytes = 256;  ///< of the value, as canonical JSON
inline constexpr std::size_t kPersistenceQueue = 20'000;  ///< changes waiting for a commit before acceptance sheds
inline constexpr std::size_t kCommitChanges = 2'000;      ///< changes in one transaction
inline constexpr Millis kArrival = 20ms;           ///< how long a job may arrive (admission.hpp) while others wait
inline constexpr Millis kArrivalInterval = 100ms;  ///< for so long none within it, acceptance sheds
inline constexpr std::size_t kArrivalsFree = 256;  ///< fewer than these may be on the way in any case

// workflow definitions
inline constexpr std::size_t kDefinitionBytes = 256 << 10;
inline constexpr std::size_t kSteps = 256;
inline constexpr std::size_t kNameChars = 64;
inline constexpr std::uint32_t kItems = 10'000;  ///< items of one for_each
inline constexpr std::uint32_t kItemsLive = 64;  ///< items of one step that are queued or running at once
inline constexpr int kAttemptsMax = 100;
inline constexpr Millis kRetryAfterMax = 24h;            ///< a Retry-After beyond it counts as this
inline constexpr int kSubWorkflowDepth = 8;              ///< jobs within jobs
inline constexpr std::size_t kSignalsKept = 64;          ///< signals of one run that came before a step waits for them
inline constexpr std::uint32_t kApprovalAssets = 1'000;  ///< of one approval
inline constexpr std::size_t kNotUndoneShown = 16;
inline constexpr int kApproversMax = 16;  ///< min_approvers
inline constexpr std::size_t kNotesChars = 2'000;

// control
inline constexpr std::size_t kKillSwitches = 1'000;
inline constexpr std::size_t kSchedules = 10'000;

// documents and outputs
inline constexpr std::size_t kInlineDocumentBytes = 32 << 10;  ///< above: bytes go to the blob store
inline constexpr std::size_t kOutputBytes = 4 << 20;           ///< of one item of a step, and of a run as a whole
inline constexpr std::size_t kResultBytes = 32 << 20;          ///< the outputs of all steps of a run: memory holds them
inline constexpr std::size_t kLogBytes = 4 << 20;  ///< what one attempt may log; the rest is cut, and says so
inline constexpr Millis kExpressionTime = 1s;

// recovery and stopping
inline constexpr int kRecoveriesMax = 5;
inline constexpr Millis kStopDeadline = 10s;  ///< for an executor to stop a task before its worker is replaced
inline constexpr Millis kShutdownGrace = 20s;

// live events
inline constexpr std::size_t kStreamBytes = 8 << 20;  ///< waiting for one slow reader before it is cut off
inline constexpr std::size_t kEventsHeld = 1'000;     ///< live events held back while a watcher reads the journal

// the built-in generator
inline constexpr int kGenerateCountMax = 64;
inline constexpr int kGenerateSideMin = 64;
inline constexpr int kGenerateSideMax = 2048;
inline constexpr int kThumbnailSide = 512;

}  // namespace troupe::limits
