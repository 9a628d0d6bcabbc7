#include "actors/node_fixture.hpp"

#include <algorithm>
#include <random>

#include "audit/chain.hpp"
#include "codec/json.hpp"

namespace troupe::test {

NodeOptions node_options(std::shared_ptr<FakeExecutor> executor, std::size_t slots) {
  NodeOptions options;
  options.shards = {0};
  options.blocking_threads = 0;
  options.testing = true;
  WorkerOptions worker{"worker", slots, {}};
  for (StepType type : {StepType::noop, StepType::http, StepType::exec}) worker.executors[type] = executor;
  options.workers.push_back(std::move(worker));
  options.gateway.check_expression = check_expression;
  options.gateway.is_quick_expression = is_quick;
  options.gateway.evaluate = evaluate;
  return options;
}

Node::Writers writers(std::unique_ptr<StoreWriter> first, std::unique_ptr<StoreWriter> second) {
  Node::Writers list;
  list.push_back(std::move(first));
  if (second) list.push_back(std::move(second));
  return list;
}

KeptAnswer render_accepted(const AcceptedJob& job) { return {202, to_string(job.id)}; }
KeptAnswer render_change(const JobChange& change) { return {202, to_string(change.run)}; }

std::vector<std::string> journal_actions(StoreReader& reader, const JobId& job) {
  JournalQuery query;
  query.rows = 10'000;
  query.chain = job.as<ChainId>();
  std::vector<std::string> actions;
  const auto rows = reader.journal(query);
  for (const JournalRow& row : *rows) {
    std::string_view records = row.records;
    while (!records.empty()) {
      const std::size_t end = records.find('\n');
      actions.push_back(parse_json(records.substr(0, end))->at("action"));
      records.remove_prefix(end + 1);
    }
  }
  return actions;
}

NodeTest::NodeTest() { start_node(); }

void NodeTest::TearDown() {
  run();
  EXPECT_EQ(busy_slots(), executor_->running().size());
  for (const JobId& job : jobs_)
    EXPECT_EQ(times_ended(job), (has_ended(status(job)) ? 1u : 0u) + count_actions(job, "job.retried"))
        << to_string(job);
  const auto open = reader_->open_jobs(0, {}, 1);
  const auto parked = reader_->parked(0, {}, Timestamp::max(), 1);
  const bool all_ended = open->empty() && parked->empty() && node_->health().changes_waiting == 0;
  if (all_ended && executor_->running().empty()) expect_nothing_left();
  crash_node();
  const auto report = verify_store(*reader_);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole) << report->chain << ": " << report->fault;
}

void NodeTest::start_node(std::size_t slots) {
  if (node_) crash_node();
  auto started = try_start(slots);
  ASSERT_TRUE(started.ok()) << started.error().message;
  node_ = *std::move(started);
  node_->begin_schedules();
  // Before anything is taken over: what the node itself needs. The scan of parked jobs sets its one timer when it is
  // run.
  actors_at_start_ = node_->system().registry().running();
  timers_at_start_ = 1;
  run();
}

Result<std::unique_ptr<Node>> NodeTest::try_start(std::size_t slots) {
  NodeOptions options = node_options(executor_, slots);
  options.secrets = &secrets_;
  if (writers_ == 2) options.shards = {0, 1};
  if (adjust_) adjust_(options);
  return Node::start({clock_, random_, *reader_, blobs_, *evaluators_, metrics_, log_},
                     writers(make_faulty_writer(*store_->writer(), script_),
                             writers_ == 2 ? make_faulty_writer(*store_->writer(), script_) : nullptr),
                     std::move(options));
}

Error NodeTest::failed_start() {
  const auto started = try_start(4);
  return started ? Error{ErrorCode::internal, "it has started", false, {}} : started.error();
}

void NodeTest::crash_node() {
  node_->stop(0ms);
  run();
  executor_->lose_all();
  node_.reset();
  clock_.advance(1s);
}

caf::scheduler::test_coordinator& NodeTest::scheduler() const {
  return dynamic_cast<caf::scheduler::test_coordinator&>(node_->system().scheduler());
}

void NodeTest::run() { scheduler().run(); }

void NodeTest::run_shuffled(std::uint64_t seed, std::size_t turns) {
  std::mt19937_64 random(seed);
  auto& jobs = scheduler().jobs;
  for (; turns > 0 && !jobs.empty(); --turns) {
    std::swap(jobs.front(), jobs[random() % jobs.size()]);
    scheduler().run_once();
  }
}

void NodeTest::advance(Millis time) {
  clock_.advance(time);
  scheduler().advance_time(time);
}

void NodeTest::pass(Millis time, Millis step) {
  for (Millis left = time; left > 0ms; left -= step) {
    advance(std::min(step, left));
    run();
  }
}

void NodeTest::pass_shuffled(Millis time, Millis step, std::uint64_t seed) {
  for (Millis left = time; left > 0ms; left -= step) {
    advance(std::min(step, left));
    run_shuffled(seed++);
  }
}

void NodeTest::given_workflow(const std::string& yaml) {
  std::optional<Result<AppliedWorkflow>> answer;
  gateway().apply_workflow({}, yaml, std::nullopt, {}, [&](Result<AppliedWorkflow> applied) { answer = applied; });
  run();
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->ok()) << answer->error().message
                            << (answer->error().faults.empty() ? "" : ": " + answer->error().faults[0].message);
}

Result<AcceptedJob> NodeTest::try_submit(SubmitJob job, const Caller& caller) {
  Result<AcceptedJob> answer{ErrorCode::internal, "not answered"};
  gateway().submit(caller, {std::move(job)}, render_accepted,
                   [&](std::vector<Result<AcceptedJob>> answers) { answer = std::move(answers.at(0)); });
  run();
  return answer;
}

JobId NodeTest::submit(const std::string& workflow, SubmitJob job) {
  job.workflow_key = workflow;
  const auto accepted = try_submit(std::move(job));
  if (!accepted) {
    ADD_FAILURE() << accepted.error().message;
    return {};
  }
  jobs_.push_back(accepted->id);
  return accepted->id;
}

std::shared_ptr<std::optional<Result<JobChange>>> NodeTest::ask_cancel(const JobId& job) {
  auto answer = std::make_shared<std::optional<Result<JobChange>>>();
  gateway().cancel({}, {{job, "", {}}, "not wanted any more", {}}, render_change,
                   [answer](Result<JobChange> change) { *answer = std::move(change); });
  return answer;
}

std::shared_ptr<std::optional<Result<JobChange>>> NodeTest::ask_retry(const JobId& job,
                                                                      std::optional<std::string> from_step,
                                                                      const std::string& inputs,
                                                                      std::uint32_t version) {
  auto answer = std::make_shared<std::optional<Result<JobChange>>>();
  RetryJob command{{job, "", {}}, std::move(from_step), {}, version, {}, {}};
  if (!inputs.empty()) command.inputs = Document(inputs);
  gateway().retry({}, std::move(command), render_change,
                  [answer](Result<JobChange> change) { *answer = std::move(change); });
  return answer;
}

Result<JobChange> NodeTest::cancel(const JobId& job) {
  const auto answer = ask_cancel(job);
  run();
  return answer->value_or(Error{ErrorCode::internal, "not answered", false, {}});
}

Result<JobChange> NodeTest::retry(const JobId& job, std::optional<std::string> from_step, const std::string& inputs,
                                  std::uint32_t version) {
  const auto answer = ask_retry(job, std::move(from_step), inputs, version);
  run();
  return answer->value_or(Error{ErrorCode::internal, "not answered", false, {}});
}

JobView NodeTest::view(const JobId& job) {
  std::optional<Result<JobView>> answer;
  gateway().job({}, {job, "", {}}, /*details=*/true, [&](Result<JobView> view) { answer = std::move(view); });
  run();
  if (!answer || !answer->ok()) {
    ADD_FAILURE() << (answer ? answer->error().message : "the job was not told");
    return {};
  }
  return **answer;
}

JobRow NodeTest::row(const JobId& job) const { return (*reader_->job(job)).value_or(JobRow{}); }
Status NodeTest::status(const JobId& job) const { return row(job).status; }

std::string NodeTest::error_code(const JobId& job) const {
  const Document error = row(job).error;
  return error.present() ? from_document(error).value("code", "") : "";
}

std::vector<std::string> NodeTest::actions(const JobId& job) const { return journal_actions(*reader_, job); }

std::size_t NodeTest::count_actions(const JobId& job, const std::string& action) const {
  const auto all = actions(job);
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), action));
}

std::size_t NodeTest::times_ended(const JobId& job) const {
  return count_actions(job, "run.completed") + count_actions(job, "run.failed") + count_actions(job, "run.cancelled");
}

void NodeTest::kill_worker(const std::string& name) {
  for (const WorkerKeeper::Kept& worker : node_->actors().workers->list())
    if (worker.view.id == "worker:" + name && worker.actor)
      caf::anon_send_exit(worker.actor, caf::exit_reason::unhandled_exception);
  run();
}

ActorView NodeTest::actor_tree(int jobs) {
  std::optional<Result<ActorView>> answer;
  gateway().actors({}, jobs, [&](Result<ActorView> root) { answer = std::move(root); });
  run();
  if (!answer || !answer->ok()) {
    ADD_FAILURE() << "the actors were not told";
    return {};
  }
  return **answer;
}

const ActorView* NodeTest::find_actor(const ActorView& root, const std::string& id) {
  if (root.id == id) return &root;
  for (const ActorView& child : root.children)
    if (const ActorView* found = find_actor(child, id)) return found;
  return nullptr;
}

Result<Done> NodeTest::restart_actor(const std::string& id) {
  std::optional<Result<Done>> answer;
  Caller caller;
  caller.name = "operator";
  gateway().restart_actor(caller, id, [&](Result<Done> done) { answer = done; });
  run();
  return answer.value_or(Error{ErrorCode::internal, "not answered", false, {}});
}

void NodeTest::expect_nothing_left() {
  EXPECT_EQ(busy_slots(), 0u);
  EXPECT_EQ(live_jobs(), 0u);
  const auto workers = node_->actors().workers->list();
  const auto dead = std::ranges::count_if(workers, [](const auto& worker) { return !worker.actor; });
  const auto parked = reader_->parked(0, {}, Timestamp::max(), 1);
  EXPECT_TRUE(parked.ok() && parked->empty());
  const ActorView root = actor_tree();
  ASSERT_NE(find_actor(root, "broker"), nullptr);
  const std::size_t schedules = find_actor(root, "schedules")->waiting > 0u ? 1 : 0;  // one timer for all of them
  EXPECT_EQ(node_->context().timers.size(), timers_at_start_ + schedules + static_cast<std::size_t>(dead))
      << "and the next starts of the dead";
  EXPECT_EQ(find_actor(root, "broker")->waiting, 0u);
  EXPECT_EQ(find_actor(root, "supervisor")->live_jobs, 0u);
  for (const ActorView& actor : root.children) {
    EXPECT_EQ(actor.busy.value_or(0), 0u) << actor.id;
    EXPECT_EQ(actor.mailbox.value_or(0), 0u) << actor.id;
  }
  EXPECT_EQ(node_->system().registry().running() + static_cast<std::size_t>(dead), actors_at_start_);
}

std::size_t NodeTest::busy_slots() const {
  using Broker = caf::stateful_actor<BrokerState, BrokerActor::base>;
  const auto& broker = dynamic_cast<Broker&>(*caf::actor_cast<caf::abstract_actor*>(node_->actors().broker));
  std::size_t busy = 0;
  for (const auto& entry : broker.state.workers) busy += entry.busy;
  EXPECT_EQ(busy, broker.state.assigned.size());
  return busy;
}

}  // namespace troupe::test
