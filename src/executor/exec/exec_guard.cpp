#include "executor/exec/exec_guard.hpp"

#include <linux/close_range.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <string>
#include <string_view>

#include "executor/exec/pipe.hpp"

namespace troupe {
namespace {

constexpr const char* kName = "exec-guard";
constexpr int kChannel = 0, kReady = 1;  // descriptors of the guard

// --- the guard -----------------------------------------------------------------------------------------------------

/// Until the end of file: the groups that are left then. Every write was of whole records, so every read is.
std::set<pid_t> read_groups() {
  std::set<pid_t> groups;
  std::array<pid_t, 1024> records;
  while (true) {
    const ssize_t got = ::read(kChannel, records.data(), sizeof records);
    if (got == 0) return groups;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ::_exit(1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof records[0]; ++i) {
      if (records[i] > 1)  // kill() takes 0 and -1 for many more than a group
        groups.insert(records[i]);
      else
        groups.erase(-records[i]);
    }
  }
}

[[noreturn]] void guard() {
  ::prctl(PR_SET_NAME, kName);
  const char ready = 1;
  if (::write(kReady, &ready, 1) != 1) ::_exit(1);
  ::close_range(kReady, ~0U, 0);
  for (const pid_t group : read_groups()) ::kill(-group, SIGKILL);
  ::_exit(0);
}

/// Comes before main, in the server and in test programs: whatever uses the executor can be its guard.
[[gnu::constructor(101)]] void be_the_guard(int argc, char** argv) {
  if (argc > 0 && argv[0] == std::string_view(kName)) guard();
}

// --- the server ----------------------------------------------------------------------------------------------------

Error cannot_start(const std::string& reason) {
  return Error{ErrorCode::executor_failed, "cannot start the guard of the commands: " + reason, true, {}};
}

/// 0, or why not.
int spawn_guard(pid_t& pid, const Pipe& channel, const Pipe& ready) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, channel.read.get(), kChannel);
  ::posix_spawn_file_actions_adddup2(&files, ready.write.get(), kReady);
  ::posix_spawn_file_actions_addclosefrom_np(&files, 3);  // the loader may have to say something on stderr

  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawnattr_setsigmask(&attributes, &all);

  std::string name = kName, server = std::to_string(::getpid());  // for those who look at it with ps
  std::array<char*, 3> argv = {name.data(), server.data(), nullptr};
  const int failed = ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return failed;
}

bool becomes_ready(const Fd& ready) {
  char byte;
  ssize_t got;
  do got = ::read(ready.get(), &byte, 1);
  while (got < 0 && errno == EINTR);
  return got == 1;
}

}  // namespace

Result<std::unique_ptr<ExecGuard>> ExecGuard::start() {
  Pipe channel = make_pipe(), ready = make_pipe();
  if (!channel.write || !ready.write) return cannot_start(std::strerror(errno));
  stop_blocking(channel.write);  // nobody waits for a guard that does not read
  pid_t pid = -1;
  if (const int failed = spawn_guard(pid, channel, ready); failed != 0)
    return cannot_start(std::string("/proc/self/exe: ") + std::strerror(failed));
  std::unique_ptr<ExecGuard> guard(new ExecGuard(pid, std::move(channel.write)));
  ready.write.reset();
  if (!becomes_ready(ready.read)) return cannot_start("it ended at once");
  return guard;
}

ExecGuard::~ExecGuard() {
  ::kill(pid_, SIGKILL);  // not the end of file: it may be stopped
  ::waitpid(pid_, nullptr, 0);
}

void ExecGuard::tell(pid_t record) {
  if (::write(channel_.get(), &record, sizeof record) == sizeof record) return;
  // It is dead, or has not read for thousands of records. What it knows is no longer right: whoever watches the channel
  // sees its end and starts another.
  ::kill(pid_, SIGKILL);
}

}  // namespace troupe
