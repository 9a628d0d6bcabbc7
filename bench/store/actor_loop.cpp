#include "bench_store/actor_loop.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>

#include "actors/node/node.hpp"
#include "bench_store/job_rows.hpp"
#include "blob/file/file_blob_store.hpp"
#include "codec/event_codec.hpp"
#include "crypto/hash.hpp"
#include "expr/expr.hpp"
#include "store/open.hpp"
#include "support/silent_ports.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::bench {
namespace {

class Loop {
 public:
  Loop(NodeContext& node, const NodeActors& actors, std::size_t writers, std::size_t jobs)
      : node_(node), actors_(actors), writers_(writers), jobs_(jobs) {}

  void run(std::size_t in_flight) {
    std::future<void> done = done_.get_future();
    for (std::size_t i = 0; i < in_flight; ++i) accept();
    done.wait();
  }

 private:
  static PersistPtr change_of(const JobRow& job) {
    auto persist = std::make_shared<Persist>();
    persist->shard = ShardId{job.id.slot()};
    persist->frame = {job.id, job.run, "node", "bench", job.client_id};
    return persist;
  }

  JobId fresh_id(Slot slot) {
    const std::lock_guard lock(ids_mutex_);
    return ids_.make<JobId>(slot);
  }

  void accept() {
    const std::size_t number = begun_++;
    if (number >= jobs_) return;
    const JobRow job = make_job(fresh_id(static_cast<Slot>(number % writers_)), number);
    const PersistPtr persist = change_of(job);
    persist->is_accept = persist->opens = true;
    persist->change.insert = job;
    persist->records = {{"job.accepted",
                         {{"deadline", "2026-11-21T01:02:03.456Z"},
                          {"inputs", digest_to_json(sha256(job.spec.view()), job.spec.size())},
                          {"next", Json::array({{{"step", "render"}}})},
                          {"priority", 5},
                          {"timeout_seconds", 300.0},
                          {"workflow", job.workflow_key},
                          {"workflow_version", 1}},
                         std::nullopt}};
    persist->done = [this, job](const Persisted& persisted) { end(job, persisted); };
    actors_.persistence.commit(node_, persist);
  }

  void end(const JobRow& job, const Persisted& accepted) {
    TROUPE_ASSERT(accepted.verdict == Persisted::Verdict::committed, accepted.error.message.c_str());
    const PersistPtr persist = change_of(job);
    persist->head = accepted.head;
    persist->change.update = make_end(job);
    persist->records = {
        {"step.completed",
         {{"attempt", 1}, {"outputs", digest_to_json(sha256("{}"), 2)}, {"step", "render"}, {"worker", "instant"}},
         Millis(1)},
        {"run.completed", Json::object(), Millis(2)}};
    persist->done = [this](const Persisted& persisted) {
      TROUPE_ASSERT(persisted.verdict == Persisted::Verdict::committed, persisted.error.message.c_str());
      if (++ended_ == jobs_) return done_.set_value();
      accept();
    };
    actors_.persistence.commit(node_, persist);
  }

  NodeContext& node_;
  const NodeActors& actors_;
  const std::size_t writers_, jobs_;
  SystemClock clock_;
  SystemRandom random_;
  std::mutex ids_mutex_;
  IdFactory ids_{clock_, random_};
  std::atomic<std::size_t> begun_{0}, ended_{0};
  std::promise<void> done_;
};

}  // namespace

double actor_loop(const std::string& url, std::size_t writers, std::size_t in_flight, std::size_t jobs) {
  const auto store = open_store(url).value();
  const auto reader = store->reader(1).value();
  const auto evaluators = make_evaluator_factory();
  test::SilentLog log;
  test::SilentMetrics metrics;
  SystemClock clock;
  SystemRandom random;
  const auto blobs = FileBlobStore::for_reading("/nonexistent");  // nothing is large enough for a blob
  Node::Writers connections;
  NodeOptions options;
  for (std::size_t i = 0; i < writers; ++i) {
    connections.push_back(store->writer().value());
    options.shards.push_back(static_cast<ShardId>(i));
  }
  auto node = Node::start({clock, random, *reader, *blobs, *evaluators, metrics, log}, std::move(connections),
                          std::move(options))
                  .value();
  Loop loop(node->context(), node->actors(), writers, jobs);
  const auto start = std::chrono::steady_clock::now();
  loop.run(in_flight);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  node->stop(Millis(0));
  return static_cast<double>(jobs) / took.count();
}

}  // namespace troupe::bench
