// The thread that starts, watches, stops and reaps every child process of the exec executor, with one epoll over their
// pidfds and streams. It is their parent thread: they are killed by the kernel when it ends (see process.hpp), and what
// they started by the guard (exec_guard.hpp), which is replaced when it dies.
//
//   add() ─► spawn ─► streams are read ─► leader has ended ─► its group is killed, it is reaped ─► streams end ─►
//   on_ended
//                        │ stop, time-out, too much output                                    (or 1 s has passed)
//                        └─► SIGTERM to the group ─► SIGKILL after the grace
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "executor/exec/exec_guard.hpp"
#include "executor/exec/exec_job.hpp"
#include "troupe/base/clock.hpp"

namespace troupe {

class Reaper {
 public:
  using JobPtr = std::shared_ptr<ExecJob>;

  /// `on_ended` is called on the reaper's thread for every job that was added, once nothing of its group runs any more.
  Reaper(const ExecOptions& options, Clock& clock, std::unique_ptr<ExecGuard> guard,
         std::function<void(JobPtr)> on_ended);
  /// Kills what runs; every job has been given to on_ended when it returns.
  ~Reaper();

  void add(JobPtr job);
  /// Some job's `stop_asked` was set.
  void wake();

 private:
  struct Child;
  enum class Stream : std::uint8_t { pidfd, out, err };
  struct Watch {
    Child* child;  ///< none: it is the guard's
    Stream stream;
  };

  void run();
  void begin(JobPtr job);
  void watch(Child& child, Stream stream, int fd);
  void watch_guard();
  Result<Done> replace_guard();
  void handle(Child& child, Stream stream);
  void read_stream(Child& child, Stream stream);
  void on_leader_ended(Child& child);
  void advance(Child& child, Millis now, bool closing);
  void terminate(Child& child, Millis now, Error why);
  void end_streams(Child& child);
  int wait_millis(Millis now) const;

  const ExecOptions& options_;
  Clock& clock_;
  const std::function<void(JobPtr)> on_ended_;
  Fd epoll_, wakeup_;

  std::mutex mutex_;
  std::vector<JobPtr> added_;
  bool closing_ = false;

  // Of the thread.
  std::list<Child> children_;
  std::unique_ptr<ExecGuard> guard_;  ///< none: it has died, and another could not be started yet
  Watch guard_watch_{};
  std::thread thread_;
};

}  // namespace troupe
