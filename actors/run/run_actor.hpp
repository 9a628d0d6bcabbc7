// Carries one run: takes commands one after another, decides (domain), has the decisions committed, and only then
// applies them and releases their effects. Commands that arrive meanwhile queue, and are the next commit together: the
// items of a `for_each` go as fast as they come, not as fast as the disk. What a person asks for is a commit of its
// own.
//
//   commands ─► queue ─► decide each ─► events? ── none ──► release effects
//                 ▲                       └─► Persist ─► committed ─► apply, tell watchers, release effects ─┐
//                 └────────────────────────────────────────────────────────────────────────────── next ◄─────┘
//                                              └─► refused ─► the actor dies; its job has it loaded again
//
// When it has ended, or only waits for a far timer, it says so to its job (RunRested), and is gone when that lets go.
#pragma once

#include <deque>
#include <map>

#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/run/live_events.hpp"
#include "actors/run/run_observer.hpp"
#include "actors/run/run_timers.hpp"
#include "actors/run/tasks_at_work.hpp"

namespace troupe {

/// A command in the queue, with what belongs to it.
struct QueuedCommand {
  Command command;
  TaskEndedPtr outcome = nullptr;       ///< what is known of the attempt that it is about
  CommandRequestPtr request = nullptr;  ///< where someone asked for it
  bool is_report = false;               ///< `outcome` is its worker's last word
  bool is_due_again = false;            ///< of TaskStopped: what was stopped is still to be done
};

/// Commands that were decided one after another, and are committed together.
struct DecidedCommands {
  std::vector<QueuedCommand> commands;
  Decision decision;  ///< of all of them; `after` only where there are events
  bool parks = false;

  /// What they lead to, from the state that was committed before.
  const RunState& state(const RunState& before) const { return decision.events.empty() ? before : decision.after; }
  void take(QueuedCommand command, Decision next);
};

class RunDriver {
 public:
  using Self = RunActor::pointer;

  RunDriver(Self self, NodeContext& node, const NodeActors& actors, const JobActor& job, RunSeed seed);
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
  void leave();
  void work_off();
  void decide_next();
  void decide(QueuedCommand command, DecidedCommands& decided);
  void show_what_a_delay_gives(const Command& command, const RunState& state);
  void commit(DecidedCommands decided);
  void give_up(const Error& why);
  void end_work(const QueuedCommand& command, const RunState& state);
  void tell_what_is_known(QueuedCommand& stop, const RunState& state);
  void note_given_up(const std::vector<Event>& events);
  void commit_logs();
  TaskEndedPtr what_is_known_of(const TaskKey& task) const;
  Result<Done> prepare(QueuedCommand& command);
  Result<Done> prepare_review(ReviewAssets& command);
  void refuse(const QueuedCommand& command, const Error& error);
  void release(const std::vector<Effect>& effects);
  void tell_watchers(const std::string& records);
  void note_ended_tasks(const Decision& decision, const Outcomes& outcomes);
  void answer(const QueuedCommand& command) const;
  void after_end();
  void rest_if_idle();
  bool rests_for_long() const;
  template <class Message>
  void tell_job(Message message) {
    if (const auto job = caf::actor_cast<JobActor>(job_)) self_->send(job, std::move(message));
  }

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
  /// If not, the timer is set to when it would be.
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

  static constexpr std::size_t kCommandsAtOnce = 128;  ///< in one commit
  std::deque<QueuedCommand> queue_;
  std::optional<DecidedCommands> uncommitted_;

  RunTimers timers_;
  TasksAtWork at_work_;
  Outcomes late_;  ///< of attempts that were given up: what they wrote is to be written
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
