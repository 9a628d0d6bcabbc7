// What the stores alone cost, and what the persistence actors leave of it: one-step jobs, accepted in one commit and
// ended in another.
//
//   bench_store_commit URL [JOBS]      sqlite:PATH, postgresql://…; JOBS of each line (default 20000)
//
// The database should be empty; for PostgreSQL: tests/store/with_postgres.sh (with TROUPE_TEST_POSTGRES_FSYNC=on).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench_store/actor_loop.hpp"
#include "bench_store/raw_loop.hpp"
#include "store/open.hpp"

namespace {

using namespace troupe;
using namespace troupe::bench;

constexpr std::size_t kBatch = 256;  // of the raw loop that the actors are held against

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Jobs a second of so many writers at once, each on its own connection, shard and thread.
double raw_loop(Store& store, std::size_t writers, std::size_t batch, std::size_t jobs) {
  const std::size_t rounds = std::max<std::size_t>(1, jobs / batch / writers);
  std::vector<std::unique_ptr<RawLoop>> loops;
  for (std::size_t i = 0; i < writers; ++i) loops.push_back(std::make_unique<RawLoop>(store, static_cast<ShardId>(i)));
  const double seconds = seconds_of([&] {
    std::vector<std::jthread> threads;
    for (auto& loop : loops)
      threads.emplace_back([&loop, rounds, batch] {
        for (std::size_t round = 0; round < rounds; ++round) loop->end(loop->accept(batch));
      });
  });
  return static_cast<double>(rounds * batch * writers) / seconds;
}

void print(const Store& store, const std::string& what, double jobs_per_second, double share = 0) {
  std::printf("%-10s %-40s %8.0f jobs/s %8.1f us/job", store.kind().c_str(), what.c_str(), jobs_per_second,
              1e6 / jobs_per_second);
  if (share > 0) std::printf("  %3.0f %% of raw", share * 100);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_store_commit URL [JOBS]\n");
    return 2;
  }
  const std::string url = argv[1];
  const std::size_t jobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
  const auto store = open_store(url).value();
  const auto migrated = store->migrate();
  TROUPE_ASSERT(migrated.ok(), migrated.error().message.c_str());
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}, std::size_t{512}})
    print(*store, "batches of " + std::to_string(batch), raw_loop(*store, 1, batch, batch == 1 ? jobs / 20 : jobs));
  const double raw = raw_loop(*store, 2, kBatch, jobs);
  print(*store, "two connections, batches of 256", raw);
  for (const std::size_t writers : {std::size_t{1}, std::size_t{2}}) {
    const double actors = actor_loop(url, writers, 2 * kBatch, jobs);
    print(*store, std::to_string(writers) + " persistence actors, 512 jobs in flight", actors, actors / raw);
  }
  return 0;
}
