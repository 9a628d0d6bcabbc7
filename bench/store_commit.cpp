// What a commit costs: one-step jobs as the persistence actor writes them, accepted in one commit and ended in another,
// each with its journal row.
//
//   bench_store_commit URL [JOBS]      sqlite:PATH, postgresql://…, memory:; JOBS of each batch size (default 20000)
//
// The database should be empty; for PostgreSQL: tests/store/with_postgres.sh (with TROUPE_TEST_POSTGRES_FSYNC=on).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "store/open.hpp"
#include "troupe/base/clock.hpp"

namespace {

using namespace troupe;

class Bench {
 public:
  explicit Bench(Store& store) : writer_(store.writer().value()) {
    shard_ = writer_->acquire({0}, "bench").value().front();
  }

  void accept(std::vector<JobRow>& jobs, std::size_t count) {
    Commit commit = begin();
    jobs.clear();
    for (std::size_t i = 0; i < count; ++i) {
      JobRow job;
      job.id = ids_.make<JobId>(0);
      job.client_id = "client-" + std::to_string(i % 10);
      job.workflow_key = "product-poster";
      job.workflow_version = job.run_workflow_version = 1;
      job.created_at = job.updated_at = job.id.created_at();
      job.spec = Document(std::string(200, 's'));
      job.status = Status::running;
      job.last_seq = 2;
      job.run = job.id.as<RunId>();
      job.state = std::string(100, 'a');
      Change& change = commit.changes.emplace_back();
      change.insert = job;
      change.journal = journal(job, 1, 700, i);
      jobs.push_back(std::move(job));
    }
    write(commit);
  }

  void end(const std::vector<JobRow>& jobs) {
    Commit commit = begin();
    for (const JobRow& job : jobs) {
      Change& change = commit.changes.emplace_back();
      change.update = JobUpdate{job.id,
                                2,
                                Status::success,
                                4,
                                {},
                                job.run,
                                std::string(120, 'e'),
                                1,
                                job.updated_at,
                                Document(std::string(60, 'o')),
                                {}};
      change.journal = journal(job, 3, 700, commit.changes.size() - 1);
    }
    write(commit);
  }

 private:
  Commit begin() const {
    return {{{0, shard_.epoch, shard_.seq, shard_.head, shard_.low_water, shard_.chain_seq, shard_.chain_head}}, {}};
  }
  JournalRow journal(const JobRow& job, std::uint64_t first_seq, std::size_t bytes, std::size_t position) const {
    return {job.id.as<ChainId>(),
            first_seq,
            2,
            std::string(bytes, 'r'),
            0,
            shard_.seq + 1,
            static_cast<std::uint32_t>(position)};
  }
  void write(const Commit& commit) {
    const CommitReply reply = writer_->commit(commit);
    TROUPE_ASSERT(reply.status == CommitStatus::committed, reply.error.message.c_str());
    ++shard_.seq;
  }

  SystemClock clock_;
  SystemRandom random_;
  IdFactory ids_{clock_, random_};
  std::unique_ptr<StoreWriter> writer_;
  ShardState shard_;
};

double microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_store_commit URL [JOBS]\n");
    return 2;
  }
  const std::size_t total = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
  auto store = open_store(argv[1]);
  TROUPE_ASSERT(store.ok(), "the URL names a store");
  const auto migrated = (*store)->migrate();
  TROUPE_ASSERT(migrated.ok(), migrated.error().message.c_str());
  Bench bench(**store);
  std::printf("%-10s %6s %10s %10s %12s %12s\n", "engine", "batch", "jobs/s", "us/job", "accept us", "end us");
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}, std::size_t{512}}) {
    const std::size_t rounds = std::max<std::size_t>(1, (batch == 1 ? total / 20 : total) / batch);
    std::vector<JobRow> jobs;
    double accepting = 0, ending = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      auto start = std::chrono::steady_clock::now();
      bench.accept(jobs, batch);
      accepting += microseconds_since(start);
      start = std::chrono::steady_clock::now();
      bench.end(jobs);
      ending += microseconds_since(start);
    }
    const double count = static_cast<double>(rounds * batch);
    std::printf("%-10s %6zu %10.0f %10.1f %12.1f %12.1f\n", (*store)->kind().c_str(), batch,
                count / (accepting + ending) * 1e6, (accepting + ending) / count, accepting / count, ending / count);
  }
  return 0;
}
