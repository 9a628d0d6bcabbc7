#include "expr/sandbox.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {
namespace {

constexpr std::size_t kStackBytes = std::size_t{512} << 20;
constexpr std::size_t kBlockBytesMax = std::size_t{64} << 20;
constexpr std::size_t kHeldBytesMax = std::size_t{64} << 20;  // of one call; beyond it, it is interrupted
constexpr std::size_t kHeldBytesHard = std::size_t{256} << 20;
constexpr Millis kGrace{1'000};
constexpr int kWallFactor = 5;
constexpr std::size_t kIdleMax = 32;

/// The blocks that a call has allocated and not freed: an open table, since jq allocates a million times a second.
/// Plain memory without a destructor, as fast as can be for the threads that never need it.
class Blocks {
 public:
  std::size_t bytes() const { return bytes_; }

  void add(void* block, std::size_t bytes) {
    if (2 * (used_ + 1) > capacity_) grow();
    insert({block, bytes});
    bytes_ += bytes;
  }
  /// Blocks of before the call are not known here.
  void remove(void* block) {
    if (capacity_ == 0) return;
    for (std::size_t at = place(block); entries_[at].block != nullptr; at = next(at)) {
      if (entries_[at].block != block) continue;
      bytes_ -= entries_[at].bytes;
      --used_;
      close_gap(at);
      return;
    }
  }
  void free_all() {
    for (std::size_t at = 0; at < capacity_; ++at) std::free(entries_[at].block);
    forget_all();
  }
  void forget_all() {
    if (capacity_ > kKept) {
      std::free(entries_);
      entries_ = nullptr;
      capacity_ = 0;
    } else if (used_ > 0) {
      std::memset(static_cast<void*>(entries_), 0, capacity_ * sizeof(Entry));
    }
    used_ = bytes_ = 0;
  }

 private:
  struct Entry {
    void* block;
    std::size_t bytes;
  };
  static constexpr std::size_t kKept = 1 << 8;

  std::size_t place(const void* block) const {
    return (reinterpret_cast<std::uintptr_t>(block) * 0x9E3779B97F4A7C15ULL >> 20) & (capacity_ - 1);
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (capacity_ - 1); }

  void insert(Entry entry) {
    std::size_t at = place(entry.block);
    while (entries_[at].block != nullptr) at = next(at);
    entries_[at] = entry;
    ++used_;
  }
  void grow() {
    Entry* const old = entries_;
    const std::size_t size = capacity_;
    capacity_ = size == 0 ? kKept : 2 * size;
    entries_ = static_cast<Entry*>(std::calloc(capacity_, sizeof(Entry)));
    if (entries_ == nullptr) std::abort();
    used_ = 0;
    for (std::size_t at = 0; at < size; ++at)
      if (old[at].block != nullptr) insert(old[at]);
    std::free(old);
  }
  /// Moves up what stands behind because its place was taken.
  void close_gap(std::size_t gap) {
    for (std::size_t at = next(gap); entries_[at].block != nullptr; at = next(at)) {
      const std::size_t home = place(entries_[at].block);
      if (((at - home) & (capacity_ - 1)) < ((at - gap) & (capacity_ - 1))) continue;
      entries_[gap] = entries_[at];
      gap = at;
    }
    entries_[gap] = {nullptr, 0};
  }

  Entry* entries_ = nullptr;
  std::size_t capacity_ = 0, used_ = 0, bytes_ = 0;
};

/// The way out of call_jq for this thread, while one is at work.
struct Exit {
  bool open = false;
  std::jmp_buf place;
  const char* reason = nullptr;
  MemoryWatch* watch = nullptr;
  Blocks blocks;
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
  if (!exit_.open) return;
  if (bytes > kBlockBytesMax || exit_.blocks.bytes() + bytes > kHeldBytesHard) leave("it needs too much memory");
  if (exit_.watch != nullptr && exit_.blocks.bytes() + bytes > kHeldBytesMax)
    std::exchange(exit_.watch, nullptr)->too_much();
}

void* counted(void* block, std::size_t bytes) {
  if (exit_.open) exit_.blocks.add(block, bytes);
  return block;
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

const char* call_jq(void (*call)(void*), void* argument, MemoryWatch* watch) {
  if (setjmp(exit_.place) != 0) {
    exit_.watch = nullptr;
    exit_.blocks.free_all();
    return exit_.reason;
  }
  exit_.watch = watch;
  exit_.open = true;
  call(argument);
  exit_.open = false;
  exit_.watch = nullptr;
  exit_.blocks.forget_all();
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
  return troupe::counted(troupe::checked(std::malloc(bytes)), bytes);
}

void* jv_mem_calloc(std::size_t count, std::size_t bytes) {
  troupe::check_size(count * bytes);
  return troupe::counted(troupe::checked(std::calloc(count, bytes)), count * bytes);
}

void* jv_mem_realloc(void* block, std::size_t bytes) {
  troupe::check_size(bytes);
  if (troupe::exit_.open && block != nullptr) troupe::exit_.blocks.remove(block);
  return troupe::counted(troupe::checked(std::realloc(block, bytes)), bytes);
}

void jv_mem_free(void* block) {
  if (troupe::exit_.open && block != nullptr) troupe::exit_.blocks.remove(block);
  std::free(block);
}

}  // extern "C"
