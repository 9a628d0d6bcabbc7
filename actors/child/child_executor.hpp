// Does the work of `workflow` steps: each attempt is a job of its own, accepted like any other and named by the attempt
// (child_job_key), so that whoever starts the attempt again after a crash finds its job instead of making another.
//
//   start ─► look for the job ── there ──────────────────────────────┐
//              └─ not there ─► depth? ─► submit (patient) ─ accepted ─┴─► watch its events ─► ended ─► read it ─► done
//                                ▲            └ overloaded, not ready ┐
//                                └──────────── after a pause ◄────────┘
//   stop ─► cancel the job ─► its end is awaited like any other
//
// An undoing that a kill switch stopped is to be made all the same, under the same name: its job is there, and gets
// another run (a retry, which is let in when no switch refuses it any more). So does one that a switch ended by itself.
//
// Nothing polls and no thread waits: the job's end is an event (EventHub), pauses are timers, and what blocks runs on
// the blocking pool. A job whose parent ended while this node was down is found out when it is loaded
// (RunSeed::abandoned). Made by the node, shared with its worker; thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/protocol/node_context.hpp"
#include "troupe/port/executor.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

class ChildExecutor final : public Executor, public std::enable_shared_from_this<ChildExecutor> {
 public:
  /// Calls the function soon, not within the caller.
  using Later = std::function<void(std::function<void()>)>;
  ChildExecutor(NodeContext& node, Gateway& gateway, Later later)
      : node_(node), gateway_(gateway), later_(std::move(later)) {}

  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;
  /// The job goes on.
  void abandon(const TaskKey& key) override;

  /// The node stops: nothing more is started, and what is waited for is given back (`cancelled`), unless it is being
  /// cancelled. The jobs themselves go on, and are found again.
  void let_go();

 private:
  struct Wait {
    Task task;
    std::shared_ptr<TaskSink> sink;
    std::optional<JobId> child;
    std::unique_ptr<Subscription> subscription;
    bool is_known = false;  ///< whether it has a job: it was looked for
    bool stop_asked = false;
    bool pausing = false;    ///< nothing is under way, and a timer will go on
    bool has_ended = false;  ///< its job has, as an event said
    bool finished = false;
    int pauses = 0;
  };
  using WaitPtr = std::shared_ptr<Wait>;
  using Stage = void (ChildExecutor::*)(const WaitPtr&);

  // Each on the blocking pool; each goes on, pauses or finishes.
  void look(const WaitPtr& wait);
  void watch(const WaitPtr& wait);
  void cancel_child(const WaitPtr& wait);
  void collect(const WaitPtr& wait);

  Result<SubmitJob> make_job(const Task& task) const;
  void submit(const WaitPtr& wait, SubmitJob job);
  void on_submitted(const WaitPtr& wait, Result<AcceptedJob> answer);
  void on_ended(const WaitPtr& wait);
  void begin_again(const WaitPtr& wait, const JobRow& ended);

  void run(Stage stage, const WaitPtr& wait);
  void pause(Stage next, const WaitPtr& wait, const Error& because);
  /// Was it told to stop, with no job to cancel, as is known? Then it is finished.
  bool give_up(const WaitPtr& wait);
  void finish(const WaitPtr& wait, TaskOutcome outcome);

  NodeContext& node_;
  Gateway& gateway_;
  const Later later_;
  std::mutex mutex_;  ///< of the waits too
  std::map<TaskKey, WaitPtr> waits_;
  bool leaving_ = false;
};

}  // namespace troupe
