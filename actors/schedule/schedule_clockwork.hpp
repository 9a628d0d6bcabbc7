// The clockwork of the schedules: when each is looked at, what a look leads to, and how that is made durable. Private
// to this folder; all of it runs in the actor.
#pragma once

#include <optional>
#include <string>

#include "actors/schedule/schedule_actor.hpp"

namespace troupe::schedules {

using Self = ScheduleActor::stateful_pointer<ScheduleState>;
using Entry = ScheduleState::Entry;
using Request = ScheduleState::Request;
using UnderWay = ScheduleState::UnderWay;

/// Null: there is none, not even one whose creation is under way.
Entry* find(Self self, const std::string& id);

/// From now on all are looked at when they are due.
void begin(Self self);
/// Sees to it that what is due first is looked at in time.
void arm(Self self);
/// Looks at those that are due.
void look_at_due(Self self, const ScheduleDue& message);
/// kNever: not before something changes.
void look_at(Self self, const std::string& id, Entry& entry, Timestamp at);
/// Does what is to be done with it now.
void look(Self self, const std::string& id, Entry& entry);
/// Looks at it again after a while, longer after each failure.
void back_off(Self self, const std::string& id, Entry& entry, const Error& error);

/// No job for the times from `step.at` to `until`; the row goes on to `step.next_at`.
void skip(Self self, const std::string& id, Entry& entry, const ScheduleStep& step, Timestamp until,
          const std::optional<Error>& error);
/// Asks for the change to be made durable; ScheduleSettled tells.
void commit(Self self, const std::string& id, Entry& entry, UnderWay change, const std::string& actor,
            RecordDraft record, std::optional<IdempotencyRow> kept = {});
/// Puts the committed schedule in place of the one before.
void adopt(Self self, Entry& entry, Schedule schedule);

}  // namespace troupe::schedules
