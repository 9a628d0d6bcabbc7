#include "expr/sandbox.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <vector>

namespace troupe {
namespace {

constexpr std::size_t kStackBytes = std::size_t{512} << 20;
constexpr std::size_t kBlockBytesMax = std::size_t{64} << 20;
constexpr Millis kGrace{1'000};
constexpr int kWallFactor = 5;
constexpr std::size_t kIdleMax = 32;

/// The way out of call_jq for this thread, while one is at work.
struct Exit {
  bool open = false;
  std::jmp_buf place;
  const char* reason = nullptr;
};
thread_local Exit exit_;

[[noreturn]] void leave(const char* reason) {
  exit_.open = false;
  exit_.reason = reason;
  std::longjmp(exit_.place, 1);
}

void* checked(void* block) {
  if (block != nullptr) return block;
  if (exit_.open) leave("there is not enough memory for it");
  std::fputs("troupe: out of memory in jq\n", stderr);
  std::abort();
}

void check_size(std::size_t bytes) {
  if (exit_.open && bytes > kBlockBytesMax) leave("it needs too much memory");
}

/// One thread and the job it works on.
class Runner : public std::enable_shared_from_this<Runner> {
 public:
  bool start_thread() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    auto* self = new std::shared_ptr<Runner>(shared_from_this());
    pthread_t thread;
    const int status = pthread_create(&thread, &attributes, &Runner::main, self);
    pthread_attr_destroy(&attributes);
    if (status != 0) {
      delete self;
      return false;
    }
    pthread_getcpuclockid(thread, &clock_);
    return true;
  }

  /// Hands the job over and waits; false when the job has to be left alone.
  bool run(std::shared_ptr<SandboxJob> job, Millis time) {
    std::unique_lock lock(mutex_);
    SandboxJob* const mine = job.get();
    const Millis cpu_end = cpu_time() + time;
    const auto wall_end = std::chrono::steady_clock::now() + kWallFactor * time;
    job_ = std::move(job);
    wake_.notify_all();
    const auto is_done = [this] { return job_ == nullptr; };
    for (Millis left = time; left > Millis(0) && std::chrono::steady_clock::now() < wall_end;
         left = cpu_end - cpu_time())
      if (wake_.wait_for(lock, left, is_done)) return true;
    mine->interrupt();
    if (wake_.wait_for(lock, kGrace, is_done)) return true;
    retired_ = true;
    return false;
  }

  void retire() {
    const std::lock_guard lock(mutex_);
    retired_ = true;
    wake_.notify_all();
  }

 private:
  static void* main(void* argument) {
    const std::unique_ptr<std::shared_ptr<Runner>> self(static_cast<std::shared_ptr<Runner>*>(argument));
    (*self)->work();
    return nullptr;
  }

  /// What the thread has used so far. On a busy machine a second of waiting says nothing about the expression.
  Millis cpu_time() const {
    timespec used{};
    clock_gettime(clock_, &used);
    return std::chrono::duration_cast<Millis>(std::chrono::seconds(used.tv_sec) +
                                              std::chrono::nanoseconds(used.tv_nsec));
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return job_ != nullptr || retired_; });
      if (job_ == nullptr) return;
      SandboxJob* const job = job_.get();
      lock.unlock();
      job->run();
      lock.lock();
      std::shared_ptr<SandboxJob> finished = std::move(job_);
      job_ = nullptr;
      wake_.notify_all();
      if (retired_) return;
    }
  }

  clockid_t clock_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<SandboxJob> job_;
  bool retired_ = false;
};

/// Never destroyed: its threads wait in it until the process ends.
struct IdleRunners {
  std::mutex mutex;
  std::vector<std::shared_ptr<Runner>> runners;
};
IdleRunners& idle_runners() {
  static auto* idle = new IdleRunners;
  return *idle;
}

std::shared_ptr<Runner> take_runner() {
  IdleRunners& idle = idle_runners();
  {
    const std::lock_guard lock(idle.mutex);
    if (!idle.runners.empty()) {
      auto runner = std::move(idle.runners.back());
      idle.runners.pop_back();
      return runner;
    }
  }
  auto runner = std::make_shared<Runner>();
  return runner->start_thread() ? runner : nullptr;
}

void give_runner(std::shared_ptr<Runner> runner) {
  IdleRunners& idle = idle_runners();
  const std::lock_guard lock(idle.mutex);
  if (idle.runners.size() < kIdleMax)
    idle.runners.push_back(std::move(runner));
  else
    runner->retire();
}

}  // namespace

SandboxEnd run_in_sandbox(std::shared_ptr<SandboxJob> job, Millis time) {
  auto runner = take_runner();
  if (runner == nullptr) return SandboxEnd::no_thread;
  if (!runner->run(std::move(job), time)) return SandboxEnd::abandoned;
  give_runner(std::move(runner));
  return SandboxEnd::done;
}

const char* call_jq(void (*call)(void*), void* argument) {
  if (setjmp(exit_.place) != 0) return exit_.reason;
  exit_.open = true;
  call(argument);
  exit_.open = false;
  return nullptr;
}

}  // namespace troupe

// These stand in front of libc's and libjq's own functions: the dynamic linker binds libjq's calls to the program's
// definitions. Off the sandbox's threads they do what the originals do.
extern "C" {

[[noreturn]] void __assert_fail(const char* assertion, const char* file, unsigned int line,
                                const char* function) noexcept {
  if (troupe::exit_.open) troupe::leave("jq cannot work with such a value");
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, assertion);
  std::abort();
}

void* jv_mem_alloc(std::size_t bytes) {
  troupe::check_size(bytes);
  return troupe::checked(std::malloc(bytes));
}

void* jv_mem_calloc(std::size_t count, std::size_t bytes) {
  troupe::check_size(count * bytes);
  return troupe::checked(std::calloc(count, bytes));
}

void* jv_mem_realloc(void* block, std::size_t bytes) {
  troupe::check_size(bytes);
  return troupe::checked(std::realloc(block, bytes));
}

}  // extern "C"
