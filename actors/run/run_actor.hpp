// Carries one run: takes commands one at a time, decides (domain), has the decision committed, and only then applies it
// and releases its effects. At most one decision is uncommitted; commands that arrive meanwhile queue.
//
//   command ─► queue ─► decide ─► events? ── none ──► release effects
//                ▲                  └─► Persist ─► committed ─► apply, tell watchers, release effects ─┐
//                └────────────────────────────────────────────────────────────────────────── next ◄────┘
//                                        └─► refused ─► the actor dies; its job has it loaded again
//
// When it has ended, or only waits for a far timer, it says so to its job (RunRested), and is gone when that lets go.
#pragma once

#include <deque>
#include <map>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/run/live_events.hpp"
#include "actors/run/run_observer.hpp"
#include "actors/timer/timers.hpp"

namespace troupe {

/// A command in the queue, with what belongs to it.
struct QueuedCommand {
  Command command;
  TaskEndedPtr outcome;       ///< of CompleteTask and FailTask
  CommandRequestPtr request;  ///< where someone asked for it
  bool is_due_again = false;  ///< of TaskStopped: what was stopped is still to be done
};

class RunDriver {
 public:
  using Self = RunActor::pointer;

  RunDriver(Self self, NodeContext& node, const NodeActors& actors, const JobActor& job, RunSeed seed);
  ~RunDriver();
  RunDriver(const RunDriver&) = delete;
  RunDriver& operator=(const RunDriver&) = delete;

  void begin();
  void on(const Persisted& persisted);
  void on(const TaskStarting& starting);
  void on(const TaskProgress& progress);
  void on(const TaskPreview& preview);
  void on(const TaskLog& log);
  void on(const TaskEndedPtr& ended);
  void on(const TaskGone& gone);
  void on(const TaskHeld& held);
  void on(const KillRun& kill);
  void on(const Wake& wake);
  void on(const TurnCame&);
  void on(const CommandRequestPtr& request);
  void on(const RetryRequestPtr& request);

 private:
  bool is_let_go() const;
  void push(QueuedCommand command);
  void work_off();
  void handle(QueuedCommand command);
  void show_what_a_delay_gives(const Command& command);
  void commit(QueuedCommand command, Decision decision);
  void give_up(const Error& why);
  Result<Done> prepare(QueuedCommand& command);
  Result<Done> prepare_review(ReviewAssets& command);
  void refuse(const QueuedCommand& command, const Error& error);
  void release(const std::vector<Effect>& effects);
  void tell_watchers(const std::string& records);
  void note_ended_tasks(const Decision& decision, const TaskEndedPtr& outcome);
  void answer(const QueuedCommand& command) const;
  void after_end();
  void rest_if_idle();
  bool rests_for_long() const;
  template <class Message>
  void tell_job(Message message);
  void arm_timer();
  void drop_idle_timers();

  void do_effect(const DispatchTask& effect);
  void do_effect(const AdmitTask& effect);
  void do_effect(const SetTimer& effect);
  void do_effect(const StopTask& effect);
  void do_effect(const KeepResult& effect);
  void do_effect(const KeepSignal& effect);
  void do_effect(const FinishRun& effect);

  /// When the task became ready for a worker.
  Timestamp ready_since(const TaskKey& task) const;
  /// To the expressions; one that gives the run too much has failed instead.
  void show_result(QueuedCommand& command);
  void note_sign_of_life(const TaskKey& task);
  bool is_silent(const TaskKey& task, Timestamp now);
  bool commits_start(const TaskKey& task) const {
    return seed_.workflow->steps[task.step].commits_start(task.compensation);
  }
  const std::string& step_name(StepIndex step) const { return seed_.workflow->steps[step].name; }
  bool watched() const;

  Self self_;
  NodeContext& node_;
  const NodeActors& actors_;
  caf::weak_actor_ptr job_;  ///< which holds the run
  RunSeed seed_;             ///< its `state` and `head` are the committed ones
  EventSubject subject_;
  RunObserver observer_;

  std::deque<QueuedCommand> queue_;
  struct Uncommitted {
    QueuedCommand command;
    Decision decision;
    bool parks = false;
  };
  std::optional<Uncommitted> uncommitted_;

  static constexpr std::size_t kTimersFew = 64;
  std::multimap<Timestamp, SetTimer> timers_;
  std::size_t timers_most_ = kTimersFew;  ///< then idle ones are looked for
  std::optional<Timers::Key> armed_;      ///< the earliest of them, as the node's Timers know it
  std::map<TaskKey, WorkerActor> waiting_for_admission_;
  std::map<TaskKey, Timestamp> signs_of_life_;  ///< the last one of each task whose silence means something
  std::map<std::pair<AssetId, std::string>, bool> reviewed_;  ///< by image and reviewer: approved?
  std::uint64_t handled_ = 0;                                 ///< messages of the job, for the resting handshake
  bool rested_ = false;                                       ///< said RunRested since the last change
};

struct RunActorState {
  std::unique_ptr<RunDriver> driver;
  static inline const char* name = "run";
};

RunActor::behavior_type run_actor(RunActor::stateful_pointer<RunActorState> self, NodeContext* node,
                                  const NodeActors* actors, const JobActor& job, RunSeedPtr seed);

}  // namespace troupe
