#include "executor/exec/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "executor/exec/pipe.hpp"

namespace troupe {
namespace {

enum class Stage : int { set_up, guard, working_dir, exec };

/// How a child that could not start its program says why.
struct ChildFailure {
  Stage stage;
  int reason;
};

struct Limit {
  __rlimit_resource resource;
  rlimit value;
};

/// All that the child needs, made before it exists.
struct ChildPlan {
  const char* program;
  char* const* argv;
  char* const* envp;
  const char* working_dir;
  int in, out, err, failure, guard;
  std::array<Limit, 5> limits;
  std::size_t limit_count;
  pid_t parent;
};

[[noreturn]] void give_up(const ChildPlan& plan, Stage stage) {
  const ChildFailure failure{stage, errno};
  [[maybe_unused]] const ssize_t written = ::write(plan.failure, &failure, sizeof failure);
  ::_exit(127);
}

// Runs between vfork and exec, in the memory of a process with many threads: system calls only, nothing that locks.
[[noreturn]] void run_child(const ChildPlan& plan) {
  if (::setpgid(0, 0) != 0) give_up(plan, Stage::set_up);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, Stage::set_up);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent died before prctl
  const pid_t group = ::getpid();
  if (::write(plan.guard, &group, sizeof group) != sizeof group) give_up(plan, Stage::guard);
  ::umask(077);
  if (::chdir(plan.working_dir) != 0) give_up(plan, Stage::working_dir);
  if (::dup2(plan.in, 0) < 0 || ::dup2(plan.out, 1) < 0 || ::dup2(plan.err, 2) < 0) give_up(plan, Stage::set_up);
  // Everything else closes at exec, the channel for failures too: its end then tells the parent that exec worked.
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(plan, Stage::set_up);
  for (std::size_t i = 0; i < plan.limit_count; ++i)
    if (::setrlimit(plan.limits[i].resource, &plan.limits[i].value) != 0) give_up(plan, Stage::set_up);

  // Handlers of this process must not run in the child, which shares its memory; and what the server ignores (SIGPIPE),
  // its children should not.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.argv, plan.envp);
  give_up(plan, Stage::exec);
}

// vfork rather than fork: fork copies the page tables of the whole server (milliseconds per GB) and makes every thread
// fault afterwards. Signals are blocked meanwhile, so that no handler runs in the child.
pid_t start_child(const ChildPlan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(plan);
  const int reason = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = reason;
  return pid;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

void set_limits(ChildPlan& plan, const ExecLimits& limits) {
  const auto add = [&](__rlimit_resource resource, std::uint64_t soft, std::uint64_t hard) {
    plan.limits[plan.limit_count++] = {resource, {soft, hard}};
  };
  add(RLIMIT_CORE, 0, 0);
  if (limits.cpu_seconds != 0) add(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1);  // SIGXCPU, then SIGKILL
  if (limits.memory_bytes != 0) add(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes);
  if (limits.file_bytes != 0) add(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
  if (limits.open_files != 0) add(RLIMIT_NOFILE, limits.open_files, limits.open_files);
}

/// In memory, so that nobody has to feed a pipe.
Fd make_input(const std::optional<std::string>& input) {
  if (!input) return above_standard(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  Fd file = above_standard(Fd(::memfd_create("stdin", MFD_CLOEXEC)));
  for (std::size_t at = 0; file && at < input->size();) {
    const ssize_t written = ::pwrite(file.get(), input->data() + at, input->size() - at, static_cast<off_t>(at));
    if (written < 0) return Fd();
    at += static_cast<std::size_t>(written);
  }
  return file;
}

Error cannot_start(const ProcessPlan& plan, const char* what) {
  return Error{
      ErrorCode::executor_failed, "cannot start " + plan.program + ": " + what + ": " + std::strerror(errno), true, {}};
}

Error why(const ProcessPlan& plan, const ChildFailure& failure) {
  errno = failure.reason;
  const std::string reason = std::strerror(failure.reason);
  if (failure.stage == Stage::working_dir)
    return Error{ErrorCode::command_missing, "cannot work in " + plan.working_dir + ": " + reason, false, {}};
  if (failure.stage == Stage::set_up) return cannot_start(plan, "setting the process up");
  if (failure.stage == Stage::guard) return cannot_start(plan, "telling the guard");
  switch (failure.reason) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case ENOEXEC:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EINVAL:
    case ELIBBAD:
    case ENAMETOOLONG:
      return Error{ErrorCode::command_missing, "cannot run " + plan.program + ": " + reason, false, {}};
    case E2BIG:
      return Error{ErrorCode::invalid_config, "the arguments for " + plan.program + " are too long", false, {}};
    default: return cannot_start(plan, "exec");
  }
}

}  // namespace

Result<Process> spawn(const ProcessPlan& plan, ExecGuard& guard) {
  const Fd in = make_input(plan.input);
  Pipe out = make_pipe(), err = make_pipe(), failure = make_pipe();
  if (!in || !out.write || !err.write || !failure.write) return cannot_start(plan, "opening its streams");

  std::vector<std::string> words = plan.args;
  words.insert(words.begin(), plan.program);
  const auto argv = pointers(words), envp = pointers(plan.env);
  ChildPlan child{plan.program.c_str(),
                  argv.data(),
                  envp.data(),
                  plan.working_dir.c_str(),
                  in.get(),
                  out.write.get(),
                  err.write.get(),
                  failure.write.get(),
                  guard.channel(),
                  {},
                  0,
                  ::getpid()};
  set_limits(child, plan.limits);

  Process process;
  process.pid = start_child(child);
  if (process.pid < 0) return cannot_start(plan, "fork");
  failure.write.reset();
  ChildFailure reason;
  if (::read(failure.read.get(), &reason, sizeof reason) == static_cast<ssize_t>(sizeof reason)) {
    guard.remove(process.pid);
    ::waitpid(process.pid, nullptr, 0);
    return why(plan, reason);
  }
  // Not by glibc 2.36's wrapper, which its header declares as a C++ function.
  process.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.pidfd) {
    const Error error = cannot_start(plan, "watching it");
    ::kill(-process.pid, SIGKILL);
    guard.remove(process.pid);
    ::waitpid(process.pid, nullptr, 0);
    return error;
  }
  process.out = std::move(out.read);
  process.err = std::move(err.read);
  stop_blocking(process.out);
  stop_blocking(process.err);
  return process;
}

}  // namespace troupe
