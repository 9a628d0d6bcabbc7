// Looks after the live jobs of a node. The only one who spawns job actors, and through which all messages to a job go:
//
//   a job that is live      the message is passed on
//   a job that is not       it is loaded from the store (on the blocking pool); messages wait for it in order
//   a job that rests        is let go of, if nothing was passed on meanwhile (counted on both sides)
//   a job that broke        is loaded again, after a pause that grows; the core ends what breaks for ever (`poison`),
//                           and where the core itself breaks, the run is given up without it
//
// A kill switch ends the live jobs that it covers at once, and has the others ended in the background (KillSweep).
//
// Parked jobs are in the store only. Those that fall due within the horizon are loaded in the order of their times,
// once: each scan goes on where the last one ended, because nothing is parked for less than kParkAfter, which is
// beyond.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/switches/kill_sweep.hpp"

namespace troupe {

/// How often parked jobs are looked for, and how far ahead.
inline constexpr Millis kParkedScanPeriod{10'000};
inline constexpr Millis kParkedHorizon{20'000};
/// While more jobs than these are live, only a few of the parked ones are loaded at a time, and those not before they
/// are due.
inline constexpr std::size_t kParkedLive = limits::kJobsInFlight / 2;
/// A job that broke so often is given up, unless it has gone on for a while since.
inline constexpr int kCrashesMax = 8;
inline constexpr Millis kCrashesForgotten{600'000};
/// From the reading of a page of jobs to the message about the last of them, at most.
inline constexpr Millis kReadsAreOld{60'000};

struct SupervisorState {
  struct Live {
    JobActor actor;
    JobFactsPtr job;
    LiveJobs::Ticket ticket;
    std::uint64_t passed_on = 0;
    bool was_asked_for = false;  ///< loaded because of a message, not by recovery or a scan
  };
  using Pending = std::variant<CommandRequestPtr, RetryRequestPtr>;

  NodeContext* node = nullptr;
  const NodeActors* actors = nullptr;
  std::shared_ptr<KillSweep> kill_sweep;
  std::map<ShardId, StoreReader::Parked> parked_after;  ///< by shard: so far parked jobs have been loaded
  std::uint64_t parked_scans = 0;
  std::unordered_map<JobId, Live> live;
  std::unordered_map<JobId, std::deque<Pending>> loading;
  struct Broken {
    int times = 0;  ///< in a row
    std::string why;
    Timestamp at = kNever;
  };
  std::unordered_map<JobId, Broken> broken;  ///< forgotten when the job rests
  std::uint64_t restarts = 0;                ///< of jobs, since the node started
  bool all_adopted = false;                  ///< recovery brings no more jobs
  /// Jobs that were here beside recovery or a scan, and since when they rest: what these have read of them may be old.
  std::unordered_map<JobId, Timestamp> rested_lately;
  std::unordered_set<JobId> found;  ///< by recovery or a scan, while they were, or had to be, loaded for another reason
  static inline const char* name = "supervisor";
};

SupervisorActor::behavior_type supervisor_actor(SupervisorActor::stateful_pointer<SupervisorState> self,
                                                NodeContext* node, const NodeActors* actors,
                                                const std::vector<ShardId>& shards);

}  // namespace troupe
