// What a submit costs the thread that carries it, and a whole job the process: a node over the memory store, without
// HTTP, without a disk. Processor time, so that others' work on the machine counts less.
//
//   bench_submit [JOBS [ROUNDS]]      JOBS of each line and round (default 20000, 5); the median round is told
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/node/node.hpp"
#include "blob/file/file_blob_store.hpp"
#include "executor/instant/noop_executor.hpp"
#include "expr/expr.hpp"
#include "store/open.hpp"
#include "support/silent_ports.hpp"
#include "troupe/base/assert.hpp"

namespace {

using namespace troupe;

struct Scenario {
  const char* name;
  std::size_t slots;  ///< of the worker: with few, every task goes through the broker's queue
  const char* steps;
  const char* rate_limit = "";  ///< of the definition
  bool client_rate = false;
};

constexpr const char* kHead =
    "{key: bench, inputs: {type: object, properties: {text: {type: string}, count: {type: integer, default: 1}}}, ";
constexpr const char* kOneStep = "steps: [{name: work, type: noop}]}";
constexpr const char* kTenSteps =
    "steps: [{name: a, type: noop}, {name: b, type: noop}, {name: c, type: noop}, {name: d, type: noop}, "
    "{name: e, type: noop}, {name: f, type: noop}, {name: g, type: noop}, {name: h, type: noop}, "
    "{name: i, type: noop}, {name: j, type: noop}]}";
constexpr std::uint32_t kNeverReached = RateLimit::kMost;

const std::vector<Scenario> kScenarios = {
    {"one step", 1024, kOneStep},
    {"one step, queued", 2, kOneStep},
    {"ten steps", 1024, kTenSteps},
    {"client's rate limit", 1024, kOneStep, "", true},
    {"workflow's rate limit", 1024, kOneStep, "rate_limit: {limit: 1000000, per: 1s}, "},
    {"rate limit by key", 1024, kOneStep, "rate_limit: {limit: 1000000, per: 1s, key: '${ .client_id }'}, "},
};

/// Counts the ends of runs.
class Ends final : public test::SilentMetrics {
 public:
  void job_ended(std::string_view, Status, Duration) override {
    const std::lock_guard lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }
  void await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t ended_ = 0;
};

double thread_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double process_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

struct Cost {
  double submit_us = 0, job_us = 0;
};

class Bench {
 public:
  explicit Bench(const Scenario& scenario) {
    NodeOptions options;
    options.shards = {0};
    options.workers = {{"bench", scenario.slots, {{StepType::noop, std::make_shared<NoopExecutor>()}}}};
    options.gateway.check_expression = check_expression;
    options.gateway.is_quick_expression = is_quick;
    options.gateway.evaluate = evaluate;
    if (scenario.client_rate) options.gateway.client_rates.all = {kNeverReached, Millis(1'000), kNeverReached};
    Node::Writers writers;
    writers.push_back(store_->writer().value());
    node_ = Node::start({clock_, random_, *reader_, *blobs_, *evaluators_, ends_, log_}, std::move(writers),
                        std::move(options))
                .value();
    const std::string definition = std::string(kHead) + scenario.rate_limit + scenario.steps;
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    node_->gateway().apply_workflow({}, definition, std::nullopt, {}, [&](const Result<AppliedWorkflow>& applied) {
      TROUPE_ASSERT(applied.ok(), applied.error().message.c_str());
      const std::lock_guard lock(mutex);
      done = true;
      answered.notify_all();
    });
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return done; });
  }
  ~Bench() { node_->stop(Millis(0)); }

  Cost run(std::size_t jobs) {
    constexpr std::size_t kAtOnce = 500;
    const double process_before = process_us();
    double submitting = 0;
    for (std::size_t begun = 0; begun < jobs; begun += kAtOnce) {
      std::vector<SubmitJob> batch(std::min(kAtOnce, jobs - begun));
      for (SubmitJob& job : batch) {
        job.workflow_key = "bench";
        job.inputs = Document(R"({"text":")" + std::string(180, 'x') + std::to_string(++number_) + "\"}");
        job.client_id = "client-" + std::to_string(number_ % 8);
        job.patient = true;
      }
      total_ += batch.size();
      const double before = thread_us();
      for (SubmitJob& job : batch) {
        std::vector<SubmitJob> one;
        one.push_back(std::move(job));
        node_->gateway().submit(caller_, std::move(one), {}, [](const std::vector<Result<AcceptedJob>>& answers) {
          TROUPE_ASSERT(answers.at(0).ok(), answers[0].error().message.c_str());
        });
      }
      submitting += thread_us() - before;
      ends_.await(total_);
    }
    const auto count = static_cast<double>(jobs);
    return {submitting / count, (process_us() - process_before) / count};
  }

 private:
  const std::unique_ptr<Store> store_ = open_store("memory:").value();
  const std::shared_ptr<StoreReader> reader_ = store_->reader(1).value();
  const std::unique_ptr<EvaluatorFactory> evaluators_ = make_evaluator_factory();
  const std::unique_ptr<BlobStore> blobs_ = FileBlobStore::for_reading("/nonexistent");
  test::SilentLog log_;
  Ends ends_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Node> node_;
  Caller caller_;
  std::size_t number_ = 0, total_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index, std::size_t otherwise) {
    return argc > index ? static_cast<std::size_t>(std::max(1L, std::atol(argv[index]))) : otherwise;
  };
  const std::size_t jobs = number(1, 20'000), rounds = number(2, 5);
  std::printf("%-28s %12s %12s\n", "", "submit us", "job us");
  for (const Scenario& scenario : kScenarios) {
    Bench bench(scenario);
    bench.run(std::min<std::size_t>(jobs, 2'000));  // warms up
    std::vector<double> submits, whole;
    for (std::size_t i = 0; i < rounds; ++i) {
      const Cost cost = bench.run(jobs);
      submits.push_back(cost.submit_us);
      whole.push_back(cost.job_us);
    }
    std::sort(submits.begin(), submits.end());
    std::sort(whole.begin(), whole.end());
    std::printf("%-28s %12.2f %12.2f\n", scenario.name, submits[rounds / 2], whole[rounds / 2]);
    std::fflush(stdout);
  }
  return 0;
}
