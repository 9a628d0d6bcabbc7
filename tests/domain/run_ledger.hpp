// A second, naive book-keeping of a run: it follows the events, holds each against the rules of the run (may this
// happen now?), and compares what it has counted with the state that apply() made of the same events.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "domain/violation.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {

class RunLedger {
 public:
  /// `fresh` is the state before StartRun: of a retry, it has steps whose results are reused.
  RunLedger(const WorkflowDefinition& workflow, const RunState& fresh);

  /// Throws Violation if the event breaks a rule.
  void note(const Event& event);
  /// Throws Violation where the state says anything else than the ledger.
  void expect_agreement(const RunState& state) const;

  /// Throws Violation if anything could begin and has not.
  void expect_all_begun() const;

  bool is_live(const TaskKey& task) const;
  /// Items of the step, or of its undoing, that were begun by a process that died and must not be begun again.
  std::vector<ItemIndex> doubts(StepIndex step) const;
  bool needs_met(StepIndex step) const;
  bool ended() const { return ended_.has_value(); }
  bool stopping() const { return stopping_.has_value(); }
  bool held() const { return held_; }
  double progress() const;

 private:
  bool has_jobs_of_its_own() const;
  enum class Fate { live, done, failed, cancelled };
  struct Item {
    Fate fate = Fate::live;
    int attempt = 1;
    bool started = false;
    bool in_doubt = false;
    Timestamp until = kNever;
    std::string signal;
  };
  struct Step {
    bool collects = false;  ///< items that fail do not fail the step
    Timestamp begun_at = kNever;
    bool begun = false;
    bool skipped = false;
    bool failed = false;
    ItemIndex items = 0;
    std::vector<Item> begun_items;
    std::set<ItemIndex> undone;
  };
  struct Undoing {
    StepIndex step;
    ItemIndex item;
    int attempt = 1;
    bool started = false;
    bool in_doubt = false;
  };

  void on(const RunStarted& event);
  void on(const StepBegun& event);
  void on(const StepSkipped& event);
  void on(const ItemBegun& event);
  void on(const TaskStarted& event);
  void on(const TaskCompleted& event);
  void on(const TaskRetried& event);
  void on(const TaskFailed& event);
  void on(const TaskCancelled& event);
  void on(const StepFailed& event);
  void on(const RunStopping& event);
  void on(const CompensationBegun& event);
  void on(const RunRecovered& event);
  void on(const RunEnded& event);
  void on(const RunHeld& event);
  void on(const RunAdmitted& event);
  void on(const SignalReceived& event);
  void on(const SignalTaken& event);
  void on(const AssetReviewed& event);
  void on(const RunPaused& event);
  void on(const RunResumed& event);
  void on(const DoubtResolved& event);

  /// An approval under way: who decided how, by image.
  struct Ask {
    ApprovalTerms terms;
    std::map<std::uint32_t, std::set<std::string>> approvals, rejections;
    std::uint32_t approved() const;
  };
  static Ask begin_ask(const ApprovalState& begun);
  /// Is something live, and does all of it wait for a message, or for a decision about a doubt?
  bool only_people() const;

  void expect_promise_kept(const Event& event);
  bool is_in_doubt(const TaskKey& task) const;
  Item& item_of(const TaskKey& task) { return steps_[task.step].begun_items[task.item]; }
  std::size_t count(const Step& step, Fate fate) const;
  bool anything_live() const;
  bool is_complete(const Step& step) const {
    return step.begun && count(step, Fate::done) + (step.collects ? count(step, Fate::failed) : 0) == step.items;
  }
  void note_completion(StepIndex step);
  void note_begun();
  Status status_of(const Step& step) const;
  std::uint32_t order_of(StepIndex step) const;
  std::vector<ItemIndex> to_undo(StepIndex step) const;
  void expect_step_agreement(StepIndex step, const StepState& state) const;

  const WorkflowDefinition& workflow_;
  RunId run_;
  Timestamp deadline_;
  std::vector<Step> steps_;
  std::vector<StepIndex> completed_;  ///< in the order of their completion
  bool worked_on_ = false;
  bool held_ = false;
  bool begun_ = false;  ///< any step was, or was skipped or failed
  std::optional<RunStopping> stopping_;
  bool compensating_ = false;
  std::optional<Undoing> undoing_;
  std::optional<Status> ended_;
  std::optional<Error> end_error_;  ///< that took the place of the first failure
  std::uint32_t undoings_failed_ = 0;
  std::optional<DoubtResolved> promise_;  ///< of the event before: what comes next
  Timestamp paused_at_ = kNever;
  std::uint32_t signals_ = 0;
  std::vector<std::pair<std::uint32_t, std::string>> kept_signals_;
  std::map<std::pair<StepIndex, ItemIndex>, Ask> asks_;
  std::uint16_t epoch_ = 0;
  std::uint16_t barren_ = 0;
};

}  // namespace troupe
