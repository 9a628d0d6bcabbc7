#include "executor/exec/reaper.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "troupe/base/assert.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

// How long a stream may stay open after its program and its group are gone: only a process that left the group holds
// it.
constexpr Millis kDrain{1'000};
constexpr Millis kNoTime{-1};

Error too_large(const ExecJob& job) {
  return Error{ErrorCode::output_too_large,
               "the command '" + job.command.name + "' wrote more than " + std::to_string(limits::kOutputBytes) +
                   " bytes to stdout; large results belong into files in TROUPE_OUTPUT_DIR",
               false,
               {}};
}
Error timed_out(const ExecJob& job) {
  return Error{ErrorCode::step_timeout,
               "the command '" + job.command.name + "' took longer than " + format_duration(job.command.timeout),
               true,
               {}};
}
Error stopped() { return Error{ErrorCode::cancelled, "the command was stopped", false, {}}; }

// A guard that has died is seen, not signalled.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct Reaper::Child {
  JobPtr job;
  std::array<Watch, 3> watches{};
  Millis time_out = kNoTime;  ///< when its own time is over
  Millis kill_at = kNoTime;   ///< when SIGKILL follows SIGTERM
  Millis drain_until = kNoTime;
  bool asked_to_end = false;  ///< SIGTERM was sent
  bool ended = false;

  bool has_streams() const { return job->process.out || job->process.err; }
  void signal_group(int signal) const { ::kill(-job->process.pid, signal); }
};

Reaper::Reaper(const ExecOptions& options, Clock& clock, std::unique_ptr<ExecGuard> guard,
               std::function<void(JobPtr)> on_ended)
    : options_(options),
      clock_(clock),
      on_ended_(std::move(on_ended)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      guard_(std::move(guard)) {
  TROUPE_ASSERT(epoll_ && wakeup_, "the kernel gives an epoll and an eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
  watch_guard();
  thread_ = std::thread([this] { run(); });
}

Reaper::~Reaper() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake();
  thread_.join();
}

void Reaper::add(JobPtr job) {
  {
    std::lock_guard lock(mutex_);
    added_.push_back(std::move(job));
  }
  wake();
}

void Reaper::wake() { ::eventfd_write(wakeup_.get(), 1); }

void Reaper::run() {
  block_sigpipe();
  while (true) {
    std::vector<JobPtr> added;
    bool closing = false;
    {
      std::lock_guard lock(mutex_);
      added.swap(added_);
      closing = closing_;
    }
    for (JobPtr& job : added) {
      if (closing) job->stop_asked = true;
      begin(std::move(job));
    }
    const Millis now = clock_.monotonic();
    for (Child& child : children_) advance(child, now, closing);
    for (auto child = children_.begin(); child != children_.end();) {
      if (!child->ended) {
        ++child;
        continue;
      }
      const JobPtr job = std::move(child->job);
      child = children_.erase(child);
      on_ended_(job);
    }
    if (closing && children_.empty()) return;

    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_millis(now));
    for (int i = 0; i < count; ++i) {
      const auto* watched = static_cast<Watch*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (watched == nullptr) {
        eventfd_t ignored;
        ::eventfd_read(wakeup_.get(), &ignored);
      } else if (watched == &guard_watch_) {
        (void)replace_guard();  // where it fails, the next command tries again
      } else {
        handle(*watched->child, watched->stream);
      }
    }
  }
}

void Reaper::begin(JobPtr job) {
  const auto fail = [&](Error error) {
    job->failure = std::move(error);
    on_ended_(job);
  };
  if (job->stop_asked) return fail(Error{ErrorCode::cancelled, "stopped before it was started", false, {}});
  if (!guard_)
    if (auto replaced = replace_guard(); !replaced) return fail(replaced.error());
  auto folder = WorkFolder::make(options_.work_dir);
  if (!folder) return fail(folder.error());
  job->folder = std::move(*folder);
  auto process = spawn(make_plan(*job), *guard_);
  if (!process) return fail(process.error());
  job->process = std::move(*process);

  Child& child = children_.emplace_back();
  child.job = std::move(job);
  if (child.job->command.timeout > Millis(0)) child.time_out = clock_.monotonic() + child.job->command.timeout;
  watch(child, Stream::pidfd, child.job->process.pidfd.get());
  watch(child, Stream::out, child.job->process.out.get());
  watch(child, Stream::err, child.job->process.err.get());
}

void Reaper::watch(Child& child, Stream stream, int fd) {
  Watch& watched = child.watches[static_cast<std::size_t>(stream)];
  watched = {&child, stream};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &watched;
  TROUPE_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "a child's streams can be watched");
}

void Reaper::watch_guard() {
  epoll_event event{};  // of its death alone, which needs no asking
  event.data.ptr = &guard_watch_;
  TROUPE_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, guard_->channel(), &event) == 0, "the guard can be watched");
}

/// The new one is told of what runs.
Result<Done> Reaper::replace_guard() {
  guard_.reset();
  auto guard = ExecGuard::start();
  if (!guard) return guard.error();
  guard_ = *std::move(guard);
  watch_guard();
  for (const Child& child : children_)
    if (!child.job->exit) guard_->add(child.job->process.pid);
  return Done{};
}

void Reaper::handle(Child& child, Stream stream) {
  if (stream == Stream::pidfd)
    on_leader_ended(child);
  else
    read_stream(child, stream);
}

void Reaper::read_stream(Child& child, Stream stream) {
  Fd& fd = stream == Stream::out ? child.job->process.out : child.job->process.err;
  if (!fd) return;  // closed by another event of the same round
  std::array<char, 64 << 10> buffer;
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return fd.reset();  // closing it takes it out of the epoll
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  if (stream == Stream::out)
    child.job->output.on_stdout(bytes);
  else
    child.job->output.on_stderr(bytes);
}

// The leader is still a zombie here, so its id cannot belong to another process or group yet.
void Reaper::on_leader_ended(Child& child) {
  Process& process = child.job->process;
  if (!process.pidfd) return;
  child.signal_group(SIGKILL);
  if (guard_) guard_->remove(process.pid);
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(process.pidfd.get()), &info, WEXITED) != 0) return;
  child.job->exit = ExitStatus{info.si_code != CLD_EXITED, info.si_status};
  process.pidfd.reset();
  child.drain_until = clock_.monotonic() + kDrain;
}

void Reaper::advance(Child& child, Millis now, bool closing) {
  ExecJob& job = *child.job;
  if (!job.exit) {
    if (closing) job.stop_asked = true;
    if (job.output.too_large()) terminate(child, now, too_large(job));
    if (child.time_out != kNoTime && now >= child.time_out) terminate(child, now, timed_out(job));
    if (job.stop_asked) terminate(child, now, stopped());
    if (child.asked_to_end && (closing || now >= child.kill_at) && child.kill_at != kNoTime) {
      child.signal_group(SIGKILL);
      child.kill_at = kNoTime;
    }
    return;
  }
  if (child.has_streams() && now < child.drain_until) return;
  end_streams(child);
}

/// Once: what came first is the reason.
void Reaper::terminate(Child& child, Millis now, Error why) {
  if (child.asked_to_end) return;
  child.asked_to_end = true;
  child.kill_at = now + options_.stop_grace;
  child.job->failure = std::move(why);
  child.signal_group(SIGTERM);
}

void Reaper::end_streams(Child& child) {
  child.job->process.out.reset();
  child.job->process.err.reset();
  child.job->output.finish();
  if (child.job->output.too_large() && !child.job->failure) child.job->failure = too_large(*child.job);
  child.ended = true;
}

/// Until the next thing that happens by time alone; -1: nothing does.
int Reaper::wait_millis(Millis now) const {
  Millis next = Millis::max();
  for (const Child& child : children_) {
    for (const Millis at : {child.asked_to_end ? kNoTime : child.time_out, child.kill_at, child.drain_until})
      if (at != kNoTime) next = std::min(next, at);
    if (child.job->exit && !child.has_streams()) return 0;
    if (child.job->output.too_large() && !child.asked_to_end) return 0;
  }
  if (next == Millis::max()) return -1;
  return static_cast<int>(std::clamp<std::int64_t>((next - now).count(), 0, 60'000));
}

}  // namespace troupe
