// A small process beside the server that ends what commands have left running when the server dies, however it dies.
// (The kernel then kills the commands themselves, see process.hpp, but nothing of what they had started.)
//
//   server ─ a pipe: +group as a command starts, -group before its leader is reaped ─► exec-guard
//          ─ end of file: the server is gone ─► SIGKILL to every group that it knows; it ends
//
// No command runs unknown to it: the child says +group itself, before exec. Only the server and children that have not
// come to exec hold the write end, so the end of file comes when all has been said. SIGKILL at once, because that is
// what the commands themselves get.
//
// No stranger is hit: an id is free for others only when the leader was reaped and no member is left, and it is taken
// back before that. When the server is dead, others reap the leader: a group that is empty by then may, in theory, have
// its id given to a new group before the guard has read to the end, which takes it microseconds unless it is stopped.
#pragma once

#include <sys/types.h>

#include <memory>

#include "troupe/base/fd.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

/// The program itself once more, under the name `exec-guard`, in a session of its own, with no descriptor but the pipe.
/// It takes no signal but SIGKILL. Writing to one that has died raises SIGPIPE: the caller's thread must block that.
class ExecGuard {
 public:
  /// Returns once it listens. Fails with executor_failed.
  static Result<std::unique_ptr<ExecGuard>> start();
  /// Ends it. It kills nothing: what the caller started has ended, or is told to another guard.
  ~ExecGuard();

  /// Where a child writes the id of its group (a pid_t) before exec. It becomes an error (EPOLLERR) when the guard
  /// dies.
  int channel() const { return channel_.get(); }

  void add(pid_t group) { tell(group); }
  /// To be called while the leader is not reaped, so that its id cannot be another's yet.
  void remove(pid_t group) { tell(-group); }

 private:
  ExecGuard(pid_t pid, Fd channel) : pid_(pid), channel_(std::move(channel)) {}
  void tell(pid_t record);

  const pid_t pid_;
  const Fd channel_;
};

}  // namespace troupe
