// Preloaded into a server: its wall clock is so many seconds ahead as CLOCK_AHEAD says; its monotonic clock is
// the machine's. By plain system calls, for allocators ask for the time before anything else is in place. (libfaketime
// does more, and cannot be started under jemalloc.)
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <ctime>

#include <cstdlib>

namespace {

time_t ahead() {
  const char* text = std::getenv("CLOCK_AHEAD");
  return text == nullptr ? 0 : std::atol(text);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
  return static_cast<int>(result);
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return result;
}

time_t time(time_t* at) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}
}
