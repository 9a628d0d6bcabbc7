// Keeps the schedules of the server and begins their jobs. All of them are in memory, each as it is committed.
//
//   due      next_step (the domain) says: fire, or skip what was missed. A firing is one accepted job whose commit also
//            writes the schedule's row with its next time: a crash neither loses nor doubles a run
//   refused  not tried again: the row goes on to its next time and says why, in one commit with schedule.skipped
//   no room  (overloaded, not ready, …) tried again, from 250 ms doubling to 30 s, until the next time is due
//
// At most one change of a schedule is on its way to the store; requests about it wait meanwhile. Times go by the
// durable next_at, never by the clock alone: a clock that is set back fires nothing twice. One that jumps ahead (the
// machine slept) is noticed within a second, because timers count the time that the machine was awake.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <variant>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/protocol/schedules.hpp"
#include "actors/timer/timers.hpp"
#include "troupe/domain/schedule.hpp"

namespace troupe {

/// How the actor reaches the rest of the node.
struct SchedulePorts {
  std::function<void(const Caller&, SubmitJob, std::function<void(Change&, const AcceptedJob&)>, Reply<AcceptedJob>)>
      submit;
  std::function<void(PersistPtr)> commit;
  FindTimeZone time_zone;
  ShardId shard = 0;  ///< whose chain has the records
};

struct ScheduleState {
  using Request = std::variant<PutScheduleRequestPtr, SwitchScheduleRequestPtr>;

  /// What is on its way to the store.
  struct UnderWay {
    std::optional<Schedule> after;                ///< absent: it is removed
    std::function<void(const Persisted&)> reply;  ///< empty: nobody asked for it
    Timestamp at = kNever;                        ///< the time that has come, of a firing and a skip
  };
  struct Entry {
    std::optional<Schedule> schedule;  ///< as committed; absent: its creation is under way
    CronExpression cron;
    TimeZonePtr zone;  ///< null: it is not known any more, and the schedule stands still
    std::optional<UnderWay> under_way;
    std::deque<Request> waiting;
    Timestamp look_at = kNever;  ///< when it is in `due`
    bool first = false;          ///< next_at had passed when the node began
    Timestamp seen = kNever;     ///< what was due by then was looked at in time
    std::optional<Error> tried;  ///< why there is no job for next_at yet
    int failures = 0;
  };

  NodeContext* node = nullptr;
  SchedulePorts ports;
  bool begun = false;
  std::map<std::string, Entry> entries;
  std::set<std::pair<Timestamp, std::string>> due;
  std::optional<Timers::Key> timer;  ///< set, and has not come
  std::unique_ptr<IdFactory> ids;
  static inline const char* name = "schedules";
};

/// All that are stored; one that is damaged is left alone, and the log says so. Fails as the reader does. Blocks.
Result<std::vector<Schedule>> load_schedules(StoreReader& reader, Log& log);

ScheduleActor::behavior_type schedule_actor(ScheduleActor::stateful_pointer<ScheduleState> self, NodeContext* node,
                                            const SchedulePorts& ports, const std::vector<Schedule>& schedules);

}  // namespace troupe
