// Every action there is; each is defined in a file of this folder.
#pragma once

#include "sim/action.hpp"

namespace troupe::sim {

// submit.cpp
extern const Action kSubmit, kSubmitBatch, kSubmitTwice;
// change.cpp
extern const Action kCancel, kRetry, kSignal;
// reviews.cpp
extern const Action kReview;
/// What waits for reviewers only, for as long as they like.
void decide_approvals(World& world);
// decide_doubts.cpp
extern const Action kResolve;
/// What nobody else can go on with.
void decide_doubts(World& world);
// read.cpp
extern const Action kRead, kWait, kList, kWatch;
// trail.cpp
extern const Action kAudit, kVerify;
// definitions.cpp
extern const Action kApply, kDisable;
// operators.cpp
extern const Action kSwitch, kRestartWorker;
/// What is engaged when nobody engages any more.
void release_switches(World& world);
// schedules.cpp
extern const Action kSchedule, kUnschedule, kSwitchSchedule, kTrigger;
/// All of them.
void remove_schedules(World& world);
// machines.cpp
extern const Action kKill, kStop, kTakeOver, kLeapClock;
// database.cpp
extern const Action kOutage, kBadReads, kRefuse;

}  // namespace troupe::sim
