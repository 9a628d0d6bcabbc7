#include "app/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

extern char** environ;

namespace troupe {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::string_view kReady = "troupe: listening on ";

int millis_until(SteadyTime end) {
  const auto left = std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

/// The first line the child prints, or nothing if it ended or said nothing in time.
std::optional<std::string> read_line(int fd, SteadyTime end) {
  std::string line;
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    const int ready = poll(&wait, 1, millis_until(end));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    char c = 0;
    if (read(fd, &c, 1) != 1) return std::nullopt;
    if (c == '\n') return line;
    line += c;
  }
}

Result<int> spawn(const std::vector<std::string>& arguments, const std::string& log_file, int out) {
  std::vector<std::string> words = {"troupe", "serve"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/proc/self/exe", &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    return {ErrorCode::io_failed, std::string("the server could not be started: ") + std::strerror(error)};
  return static_cast<int>(pid);
}

}  // namespace

Result<ServerProcess> ServerProcess::start(const std::vector<std::string>& arguments, const std::string& log_file,
                                           Millis patience) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return {ErrorCode::io_failed, std::strerror(errno)};
  const auto pid = spawn(arguments, log_file, pipe_fds[1]);
  close(pipe_fds[1]);
  if (!pid) {
    close(pipe_fds[0]);
    return pid.error();
  }
  ServerProcess process(*pid, {});
  const auto line = read_line(pipe_fds[0], std::chrono::steady_clock::now() + patience);
  close(pipe_fds[0]);
  if (!line || !line->starts_with(kReady))
    return {ErrorCode::io_failed, "the server did not come up; its log is in " + log_file};
  process.url_ = line->substr(kReady.size());
  return process;
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), url_(std::move(other.url_)) {}

ServerProcess::~ServerProcess() { stop(Millis(5'000)); }

int ServerProcess::stop(Millis patience) {
  if (pid_ < 0) return 0;
  const pid_t pid = std::exchange(pid_, -1);
  kill(pid, SIGTERM);
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd >= 0) {
    pollfd wait{pidfd, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(patience.count())) <= 0) kill(pid, SIGKILL);
    close(pidfd);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace troupe
