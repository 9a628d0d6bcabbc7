// What people ask the schedules for. Private to this folder; all of it runs in the actor.
#pragma once

#include <string>

#include "actors/schedule/schedule_clockwork.hpp"

namespace troupe::schedules {

/// Of a schedule that is to be put: the one that it names, or else a new one.
std::string id_of(Self self, const PutSchedule& command);
/// A change: at once, or when what is under way is settled.
void take(Self self, const std::string& id, const Request& request);
void read(Self self, const ReadScheduleRequestPtr& request);
void list(Self self, const ListSchedulesRequestPtr& request);

}  // namespace troupe::schedules
