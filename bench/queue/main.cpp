// What a turn costs: entries pushed into a fair queue, taken out while others come, and taken out.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "troupe/domain/fair_queue.hpp"

namespace {

using namespace troupe;

constexpr int kEntries = 100'000;

template <class Work>
double nanoseconds_each(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kEntries; ++i) work(i);
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / kEntries;
}

void measure(int clients, int priorities) {
  std::vector<std::string> names;
  for (int i = 0; i < clients; ++i) names.push_back("client-" + std::to_string(i));
  const auto value = std::make_shared<int>(1);
  FairQueue<std::shared_ptr<int>> queue;
  Timestamp now = from_unix_ms(1'800'000'000'000);
  const auto push = [&](int i) {
    queue.push(value, 1 + i % priorities, names[static_cast<std::size_t>(i * 7 % clients)], now);
  };
  const double pushed = nanoseconds_each([&](int i) {
    if (i % 100 == 0) now += Millis(1);
    push(i);
  });
  const double exchanged = nanoseconds_each([&](int i) {
    if (i % 100 == 0) now += Millis(1);
    (void)queue.pop(now);
    push(i);
  });
  const double popped = nanoseconds_each([&](int) { (void)queue.pop(now); });
  std::printf("%6d clients, %2d priorities, %d entries: push %3.0f ns, pop and push %3.0f ns, pop %3.0f ns\n", clients,
              priorities, kEntries, pushed, exchanged, popped);
}

}  // namespace

int main() {
  for (const int clients : {1, 10, 1'000, 10'000})
    for (const int priorities : {1, 10}) measure(clients, priorities);
}
