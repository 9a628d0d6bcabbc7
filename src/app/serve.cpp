#include "app/serve.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include "app/application.hpp"
#include "telemetry/build_info.hpp"
#include "telemetry/log.hpp"

namespace troupe {
namespace {

constexpr int kSecondSignalExit = 130;

/// The signals this process waits for, blocked in every thread so that only wait() sees them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (int signal : {SIGINT, SIGTERM, SIGUSR2}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
  sigset_t set_;
};

/// A part that cannot be started again has failed: told to the main thread by a signal of our own.
class Failure {
 public:
  void report(std::string why) {
    {
      const std::lock_guard lock(mutex_);
      if (why_.empty()) why_ = std::move(why);
    }
    kill(getpid(), SIGUSR2);
  }
  std::string why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  mutable std::mutex mutex_;
  std::string why_;
};

log::Options log_options(const LogConfig& config) {
  log::Options options;
  options.level = log::level_from_text(config.level).value_or(log::Level::info);
  options.format = log::format_from_text(config.format).value_or(log::Format::automatic);
  return options;
}

int fail(const Error& error) {
  std::fprintf(stderr, "troupe: %s: %s\n", std::string(code_text(error.code)).c_str(), error.message.c_str());
  for (const Fault& fault : error.faults)
    std::fprintf(stderr, "  %s %s\n", fault.pointer.c_str(), fault.message.c_str());
  return error.code == ErrorCode::insecure_listen || error.code == ErrorCode::invalid_configuration ? 2 : 1;
}

}  // namespace

int serve(const Config& config) {
  const Signals signals;
  log::configure(log_options(config.log));
  Failure failure;
  auto application = Application::make(config, [&](std::string why) { failure.report(std::move(why)); });
  if (!application) return fail(application.error());
  if (auto served = (*application)->serve(); !served) return fail(served.error());
  log::info("serving", {{"url", (*application)->url()}, {"version", build_info().version}, {"node", config.node_name}});
  std::printf("troupe: listening on %s\n", (*application)->url().c_str());
  std::fflush(stdout);

  const int signal = signals.wait();
  std::thread([&signals] {
    signals.wait();
    _exit(kSecondSignalExit);
  }).detach();
  const std::string why = failure.why();
  if (why.empty())
    log::info("stopping", {{"signal", strsignal(signal)}});
  else
    log::error("stopping, because a part has failed", {{"error", why}});
  (*application)->stop(why.empty() ? config.shutdown_grace : Millis(0));
  application->reset();
  log::info("stopped", {});
  log::flush();
  return why.empty() ? 0 : 1;
}

}  // namespace troupe
