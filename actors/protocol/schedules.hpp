// What the schedules' actor takes, and from whom. Beside interfaces.hpp, whose map it belongs to.
//
//   NodeGateway ──(PutScheduleRequest, SwitchScheduleRequest, reads)──► ScheduleActor ◄──(ScheduleDue)── Timers
//        ▲                                                                  │    ▲
//        └──────── submit: a job, with the schedule's row ──────────────────┘    └──(ScheduleFired, ScheduleSettled)──
//                                                                                      what became of it
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/protocol/messages.hpp"
#include "actors/protocol/probe.hpp"

namespace troupe {

/// Create, or replace. `reply` is called once, by the actor.
struct PutScheduleRequest {
  PutSchedule command;
  Caller caller;
  std::function<std::optional<IdempotencyRow>(const ScheduleChange&)> idempotency;  ///< may be empty
  Reply<ScheduleChange> reply;
};
using PutScheduleRequestPtr = std::shared_ptr<const PutScheduleRequest>;

/// Enable, disable, or remove (`enabled` absent).
struct SwitchScheduleRequest {
  std::string id;
  std::optional<bool> enabled;
  Caller caller;
  Reply<ScheduleView> reply;  ///< of a removal: as it was
};
using SwitchScheduleRequestPtr = std::shared_ptr<const SwitchScheduleRequest>;

struct ReadScheduleRequest {
  std::string id;
  Caller caller;
  Reply<ScheduleView> reply;
};
using ReadScheduleRequestPtr = std::shared_ptr<const ReadScheduleRequest>;

struct ListSchedulesRequest {
  ScheduleQuery query;
  Reply<std::vector<ScheduleView>> reply;
};
using ListSchedulesRequestPtr = std::shared_ptr<const ListSchedulesRequest>;

/// From the node: it takes work from now on. What is due by then was missed.
struct BeginSchedules {};
/// From the timers: look. `at` is the time for which it was set.
struct ScheduleDue {
  Timestamp at;
};
/// What became of a firing.
struct ScheduleFired {
  std::string id;
  Result<AcceptedJob> job;
};
/// What became of any other change of the schedule.
struct ScheduleSettled {
  std::string id;
  Persisted persisted;
};

/// Keeps the schedules and begins their jobs. At most one change of each is on its way to the store.
using ScheduleActor =
    caf::typed_actor<caf::reacts_to<PutScheduleRequestPtr>, caf::reacts_to<SwitchScheduleRequestPtr>,
                     caf::reacts_to<ReadScheduleRequestPtr>, caf::reacts_to<ListSchedulesRequestPtr>,
                     caf::reacts_to<BeginSchedules>, caf::reacts_to<ScheduleDue>, caf::reacts_to<ScheduleFired>,
                     caf::reacts_to<ScheduleSettled>, caf::reacts_to<Probe>,
                     caf::reacts_to<Rest>>;  // answer what came before, and quit

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::PutScheduleRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::SwitchScheduleRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ReadScheduleRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ListSchedulesRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::BeginSchedules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ScheduleDue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ScheduleFired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::ScheduleSettled)
