// A job: its runs, one after another.
//
//   supervisor ─ Cancel, Retry ─► job ─► run            the run answers a cancel, and refuses a retry unless it has
//   ended
//                                  ◄─ RetryFrom ─ run   then: load, decide, commit, and the next run takes its place
//                                  ◄─ RunRested ─ run   passed on, so that the supervisor can let go of both
//
// A run that dies of an error is not restarted from memory: the job reports itself broken, and is loaded again from the
// store. A run that does so again and again is ended (`poison`), by the core, or without deciding anything (RunSeed).
//
// However the job ends while its run is at something, the broker is told: what the run had in hand would otherwise hold
// a slot that nobody gives back.
#pragma once

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

struct JobActorState {
  ~JobActorState();

  NodeContext* node = nullptr;
  const NodeActors* actors = nullptr;
  JobFactsPtr job;
  RunId run_id;
  RunActor run;
  std::uint64_t received = 0;  ///< messages of the supervisor
  std::uint64_t to_run = 0;    ///< of these, passed on to the run that is there now
  bool run_rests = false;      ///< it said so, having taken all that was passed on

  struct Retry {  ///< being committed
    RetryRequestPtr request;
    RunSeedPtr seed;
  };
  std::optional<Retry> retry;
  static inline const char* name = "job";
};

JobActor::behavior_type job_actor(JobActor::stateful_pointer<JobActorState> self, NodeContext* node,
                                  const NodeActors* actors, RunSeedPtr seed);

}  // namespace troupe
