// A whole node on CAF's test coordinator: one thread, virtual time, the memory store, and a fake executor for every
// step type. Nothing happens but in run() and pass().
#pragma once

#include <gtest/gtest.h>

#include <caf/scheduler/test_coordinator.hpp>

#include "actors/broker/broker_actor.hpp"
#include "actors/fake_executor.hpp"
#include "actors/fake_ports.hpp"
#include "actors/fake_secrets.hpp"
#include "actors/faulty_writer.hpp"
#include "actors/hooked_reader.hpp"
#include "actors/node/node.hpp"
#include "actors/node/worker_keeper.hpp"
#include "expr/expr.hpp"
#include "store_memory/memory_store.hpp"

namespace troupe::test {

using namespace std::chrono_literals;

class NodeTest : public ::testing::Test {
 protected:
  NodeTest();
  /// Whatever a test did: the audit chains hold, no job ended twice, what holds a slot is what runs, and where
  /// everything has ended nothing is left.
  void TearDown() override;

  void start_node(std::size_t slots = 4);
  /// Why it would not start.
  Error failed_start();
  /// As if the process died: what runs is lost, and nothing more is committed.
  void crash_node();
  void restart_node(std::size_t slots = 4) {
    crash_node();
    start_node(slots);
  }
  Node& node() { return *node_; }
  Gateway& gateway() { return node_->gateway(); }

  /// Until no actor has anything to do.
  void run();
  /// Likewise, the actors taking turns at random; at most so many turns.
  void run_shuffled(std::uint64_t seed, std::size_t turns = SIZE_MAX);
  /// Lets time go by in small steps. What is due is done at most one step late.
  void pass(Millis time, Millis step = 250ms);
  void pass_shuffled(Millis time, Millis step, std::uint64_t seed);

  void given_workflow(const std::string& yaml);
  JobId submit(const std::string& workflow, SubmitJob job = {});
  Result<AcceptedJob> try_submit(SubmitJob job, const Caller& caller = {});
  /// Without running: the answer comes when the actors run.
  std::shared_ptr<std::optional<Result<JobChange>>> ask_cancel(const JobId& job);
  std::shared_ptr<std::optional<Result<JobChange>>> ask_retry(const JobId& job,
                                                              std::optional<std::string> from_step = {},
                                                              const std::string& inputs = "",
                                                              std::uint32_t version = 0);
  Result<JobChange> cancel(const JobId& job);
  /// `inputs`: none if empty; `version`: the newest if 0.
  Result<JobChange> retry(const JobId& job, std::optional<std::string> from_step = {}, const std::string& inputs = "",
                          std::uint32_t version = 0);
  /// What GET /v1/jobs/{id} shows of it.
  JobView view(const JobId& job);

  Status status(const JobId& job) const;
  std::string error_code(const JobId& job) const;
  JobRow row(const JobId& job) const;
  std::vector<std::string> actions(const JobId& job) const;  ///< of the audit trail, in order
  std::size_t count_actions(const JobId& job, const std::string& action) const;
  /// How often a run of the job has ended.
  std::size_t times_ended(const JobId& job) const;
  std::size_t busy_slots() const;
  std::size_t live_jobs() const { return node_->health().live.count(); }
  /// No slot, task, timer, job, actor or parked row is left over: all is as it was when the node had started.
  void expect_nothing_left();
  /// A worker dies of an error.
  void kill_worker(const std::string& name = "worker");
  /// What GET /v1/actors shows; `find_actor`: one of it, none if it is not there.
  ActorView actor_tree(int jobs = 10);
  static const ActorView* find_actor(const ActorView& root, const std::string& id);
  Result<Done> restart_actor(const std::string& id);

  std::function<void(NodeOptions&)> adjust_;  ///< called with the options of the next node, where it is set
  std::size_t writers_ = 1;                   ///< of nodes started from then on; 2: jobs take turns between two shards
  ManualClock clock_;
  StoreScript script_;
  FakeSecrets secrets_;
  std::shared_ptr<FakeExecutor> executor_ = std::make_shared<FakeExecutor>();
  std::unique_ptr<Store> store_ = make_memory_store();
  std::shared_ptr<HookedReader> reader_ = std::make_shared<HookedReader>(*store_->reader(1));
  std::unique_ptr<EvaluatorFactory> evaluators_ = make_evaluator_factory();
  std::vector<JobId> jobs_;
  ActorMetrics metrics_;

 private:
  caf::scheduler::test_coordinator& scheduler() const;
  void advance(Millis time);
  Result<std::unique_ptr<Node>> try_start(std::size_t slots);

  CountingRandom random_;
  SilentLog log_;
  NoBlobs blobs_;
  std::unique_ptr<Node> node_;
  std::size_t actors_at_start_ = 0, timers_at_start_ = 0;
};

/// One worker for all step types.
NodeOptions node_options(std::shared_ptr<FakeExecutor> executor, std::size_t slots);
Node::Writers writers(std::unique_ptr<StoreWriter> first, std::unique_ptr<StoreWriter> second = nullptr);
KeptAnswer render_accepted(const AcceptedJob& job);
KeptAnswer render_change(const JobChange& change);
std::vector<std::string> journal_actions(StoreReader& reader, const JobId& job);

}  // namespace troupe::test
