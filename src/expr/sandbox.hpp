// Where jq runs. Definitions and their inputs come from outside, and jq 1.6 trusts both: an expression can run for
// ever, recurse through the C stack (freeing a value nested a million deep), ask for gigabytes in one step ("x" * 1e9),
// and what jq does not like in a value it meets with assert() and abort(). None of it may take the server down, so jq
// runs
//
//   - on threads of its own with a stack of 512 MiB (only touched pages cost memory), while the caller waits;
//   - with the caller as its watchdog: when the job has used up its time (of the processor; five times as much by the
//     clock) it interrupts it (jq_halt, which jq looks at before each instruction), and when even that does not help
//     within a second, it leaves the thread to end by itself;
//   - within call_jq(), which counts the memory that jq holds: above 64 MiB the program is interrupted as well, and
//   frees
//     what it has; where a single instruction of jq takes more than 256 MiB, or one block above 64 MiB, or where one of
//     jq's assertions fails, the call is left instead of the process, and every block that it had allocated is freed.
//     The program is of no use after that, and what it held of its input is never freed.
#pragma once

#include <memory>
#include <string>

#include "troupe/base/time.hpp"

namespace troupe {

class SandboxJob {
 public:
  virtual ~SandboxJob() = default;
  /// On a thread of the sandbox. The job is destroyed there too, unless the caller still holds it.
  virtual void run() = 0;
  /// On the caller's thread while run() may be at work.
  virtual void interrupt() = 0;
};

enum class SandboxEnd {
  done,       ///< run() has returned, by itself or after an interrupt
  abandoned,  ///< run() is still at work and may not be waited for; the caller must not touch the job
  no_thread,  ///< run() was not called
};

/// Any number of callers at once, each with a thread of its own; threads are kept for the next caller.
SandboxEnd run_in_sandbox(std::shared_ptr<SandboxJob> job, Millis time);

/// Told, within the call, that it holds too much memory: it should end soon.
struct MemoryWatch {
  virtual ~MemoryWatch() = default;
  virtual void too_much() = 0;
};

/// Runs `call(argument)`, which may call only C functions of jq and hold nothing that needs a destructor. On a thread
/// of the sandbox only. Gives nothing when it went well, else why jq gave up.
const char* call_jq(void (*call)(void*), void* argument, MemoryWatch* watch);

template <class Call>
const char* call_jq(Call& call, MemoryWatch* watch = nullptr) {
  return call_jq([](void* argument) { (*static_cast<Call*>(argument))(); }, &call, watch);
}

}  // namespace troupe
