// Every run goes by the rules of the core, as its trail tells: the second book-keeping of tests/domain, fed with what
// is durable. No step begins before its needs, none after a stop; an outcome counts once, and only of a live attempt of
// the newest epoch; what was done is undone, once, last first; what has ended stays ended. After each commit the stored
// state must say what the book says.
#include <unordered_map>

#include "domain/run_ledger.hpp"
#include "sim/checkers/all.hpp"
#include "sim/world.hpp"
#include "troupe/domain/core.hpp"

namespace troupe::sim {
namespace {

class RunRules final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "run rules"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr) return;
    try {
      follow(change);
    } catch (const std::exception& broken) {
      throw Violation(broken.what() + (" (job " + to_string(change.id)) + ")");
    }
  }

  void task_ends(const Life&, std::string_view, const TaskKey& task, const TaskOutcome& outcome) override {
    if (!outcome.result && outcome.result.error().retry_after) waits_[task] = *outcome.result.error().retry_after;
  }

 private:
  struct Book {
    WorkflowPtr workflow;  ///< which the ledger refers to
    RunLedger ledger;
  };

  void follow(const StoredChange& change) {
    const StoredJob& job = *change.job;
    expect(!change.events.empty(), "a change of a job leaves a record");
    const Json& first = change.records.front();
    if (first.at("action") == "job.accepted") {
      expect(!change.before, "a job is accepted once");
      open(job, make_run(job.row.run, 1, *job.workflow, job.row.created_at, job.timeout));
    } else if (first.at("action") == "job.retried") {
      expect(change.before && change.before->phase == RunPhase::ended, "a job is tried again when its run has ended");
      std::optional<std::string> from_step;
      if (first.at("details").contains("from_step")) from_step = first.at("details").at("from_step");
      auto fresh = make_retry(*change.before, *change.workflow_before, *job.workflow, job.row.run, from_step,
                              job.state.accepted_at, job.timeout);
      expect(fresh.ok(), "a retry that was taken is possible");
      open(job, *fresh);
    }
    const auto book = books_.find(change.id);
    expect(book != books_.end(), "a job's trail begins with its acceptance");
    for (const Event& event : change.events) book->second->ledger.note(with_wait(event));
    book->second->ledger.expect_agreement(job.state);
    expect(job.row.status == job.state.status, "the row's status is the run's");
  }

  /// A record does not tell how long an attempt was asked to wait.
  Event with_wait(Event event) const {
    if (auto* retried = std::get_if<TaskRetried>(&event))
      if (const auto wait = waits_.find(retried->task); wait != waits_.end()) retried->error.retry_after = wait->second;
    return event;
  }

  void open(const StoredJob& job, const RunState& fresh) {
    books_[job.row.id] = std::make_unique<Book>(Book{job.workflow, RunLedger(*job.workflow, fresh)});
  }

  std::unordered_map<JobId, std::unique_ptr<Book>> books_;
  std::unordered_map<TaskKey, Millis> waits_;
};

}  // namespace

std::unique_ptr<Checker> make_run_rules(World& world) { return std::make_unique<RunRules>(world); }

}  // namespace troupe::sim
