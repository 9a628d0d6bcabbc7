// The world around one run: workers, timers, a store that crashes, people who cancel. Driven by random choices, it
// gives the core every kind of command, honest and not (late, early, twice, from another epoch, about nothing), and
// after each holds the decision, the events and the state against the rules. Then it turns honest and patient, and the
// run must end.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "domain/random_workflow.hpp"
#include "domain/run_ledger.hpp"

namespace troupe {

class RunWorld {
 public:
  explicit RunWorld(Choices& choices);

  /// Starts the run, disturbs it as long as the tape lasts, and lets it end. May go on with a retry.
  void play();

  /// Called after each decision that was carried out: the state before it, the decision, the state after.
  using Observer = std::function<void(const RunState&, const Decision&, const RunState&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  const WorkflowDefinition& workflow() const { return drawn_.definition; }
  /// The commands so far, one a line: what a failing case shows.
  std::string history() const;

 private:
  struct Work {
    TaskKey task;
    bool started = false;
  };

  void play_once();
  void begin(RunState fresh);

  // one random command each
  void disturb();
  void complete_something();
  void start_something();
  void fail_something();
  void stop_something();
  void fire_next_timer();
  void fire_any_timer();
  void tell_old_news();
  void tell_nonsense();
  void repeat_last_command();
  void send_signal();
  void review_something();
  void resolve_something();
  void crash();

  void let_it_end();
  std::vector<TaskKey> doubts() const;
  bool waits_for_someone() const;
  void answer_someone();
  void expect_end();
  bool retry();

  // one command, and what must hold after it
  bool give(const Command& command);
  void check_refusal(const Command& command, const Error& error) const;
  void check_refused_resolution(const ResolveDoubt& command, const Error& error) const;
  void check_effects(const RunState& before, const Command& command, const Decision& decision);
  void check_dispatch(const RunState& before, const Command& command, const Decision& decision, std::size_t place);
  void check_admission(const Command& command, const Decision& decision, const TaskKey& task) const;
  void check_timer(const SetTimer& timer) const;
  void check_stops(const RunState& before, const Decision& decision) const;
  void check_timer_obeyed(const RunState& before, const Command& command, const Decision& decision) const;
  void check_nothing_forgotten() const;
  void check_approval_begins(const ItemBegun& begun) const;
  void check_outcome_counts_once(const Command& command);
  void tell_reviews();
  void check_resolution(const RunState& before, const Command& command, const Decision& decision) const;
  void do_effects(const std::vector<Effect>& effects);

  Result<Decision> decide_now(const Command& command);
  TaskKey random_task();
  Command random_outcome(const TaskKey& task);
  Error random_error();

  Choices& choices_;
  RandomWorkflow drawn_;
  FastRandom dice_;
  Timestamp now_ = from_unix_ms(1'763'000'000'000);
  RunState fresh_;
  RunState state_;
  std::optional<RunLedger> ledger_;
  std::vector<Event> journal_;
  std::vector<Command> commands_;
  Observer observer_;

  std::vector<Work> work_;        ///< what workers hold
  std::vector<TaskKey> stops_;    ///< what they were asked to stop
  std::vector<SetTimer> timers_;  ///< not fired yet
  std::vector<TaskKey> known_;    ///< every task there ever was, of all runs
  std::set<std::pair<AssetId, std::string>> reviewed_;
  std::vector<Review> decided_;  ///< the reviews that are committed
  std::unordered_set<TaskKey> dispatched_;
  std::unordered_set<TaskKey> promised_;   ///< dispatched or given a timer, by this process
  std::set<std::string> refused_signals_;  ///< by this run
  bool lose_next_commit_ = false;
  bool crash_prone_ = false;
  double progress_ = 0;
};

}  // namespace troupe
