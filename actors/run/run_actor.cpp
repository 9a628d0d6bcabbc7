#include "actors/run/run_actor.hpp"

#include <algorithm>

#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/forecast/forecast.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/node/scheduler.hpp"
#include "actors/run/live_board.hpp"
#include "actors/run/run_change.hpp"
#include "actors/run/run_lines.hpp"
#include "actors/switches/kill_request.hpp"
#include "actors/switches/kill_switches.hpp"
#include "codec/json.hpp"
#include "troupe/domain/core.hpp"
#include "troupe/domain/give_up.hpp"

namespace troupe {
namespace {

/// Work that the node's own threads do at once, so that it ends as soon as they come to it.
bool dispatches_instant_task(const Effect& effect) {
  const auto* dispatch = std::get_if<DispatchTask>(&effect);
  return dispatch && (dispatch->type == StepType::noop || dispatch->type == StepType::transform);
}

/// Do they say what became of the attempt?
bool tells_of(const std::vector<Event>& events, const TaskKey& task) {
  return std::ranges::any_of(events, [&](const Event& event) {
    const auto is_of = [&](const auto* ended) { return ended != nullptr && ended->task == task; };
    return is_of(std::get_if<TaskCompleted>(&event)) || is_of(std::get_if<TaskRetried>(&event)) ||
           is_of(std::get_if<TaskFailed>(&event)) || is_of(std::get_if<TaskCancelled>(&event));
  });
}

Outcomes outcomes_of(const std::vector<QueuedCommand>& commands) {
  Outcomes outcomes;
  for (const QueuedCommand& command : commands)
    if (command.outcome) outcomes.push_back(command.outcome);
  return outcomes;
}

}  // namespace

void DecidedCommands::take(QueuedCommand command, Decision next) {
  if (!next.events.empty()) decision.after = std::move(next.after);
  // Else it could be taken for that of another command, which tells what became of the same attempt.
  if (command.outcome && !tells_of(next.events, command.outcome->task)) command.outcome.reset();
  const auto append = [](auto& to, auto& from) {
    if (to.empty()) return void(to = std::move(from));
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(decision.events, next.events);
  append(decision.effects, next.effects);
  commands.push_back(std::move(command));
}

RunDriver::RunDriver(Self self, NodeContext& node, const NodeActors& actors, const JobActor& job, RunSeed seed)
    : self_(self),
      node_(node),
      actors_(actors),
      job_(caf::actor_cast<caf::weak_actor_ptr>(job)),
      seed_(std::move(seed)),
      subject_{seed_.job->id, seed_.job->client_job_id, seed_.job->client_id, seed_.job->workflow_key},
      observer_(node, seed_),
      timers_(node.timers) {
  for (const Review& review : seed_.reviews) {
    seed_.evaluator->add_review(review);
    reviewed_[{review.asset, review.reviewer}] = review.approved;
  }
}

void RunDriver::begin() {
  if (seed_.state.phase == RunPhase::ended) node_.gate.leave(seed_.job->id);
  if (seed_.state.held)
    node_.gate.wait(seed_.job->id, seed_.state.run, [run = caf::actor_cast<caf::weak_actor_ptr>(RunActor(self_))] {
      if (const auto held = caf::actor_cast<RunActor>(run)) caf::anon_send(held, TurnCame{});
    });
  const std::vector<Effect> effects = std::exchange(seed_.effects, {});
  if (!effects.empty()) observer_.begun();
  release(effects);
  seed_.coming.arrive();
  if (std::ranges::none_of(effects, dispatches_instant_task)) seed_.arrival.complete();
  if (seed_.give_up)
    give_up(*seed_.give_up);
  else if (seed_.recover)
    push({RecoverRun{seed_.handed_back}});
  // One that was accepted, retried or loaded while the switch was being engaged is known to nobody else.
  if (const auto by = node_.switches.killing(seed_.job->workflow_key, seed_.job->client_id)) on(KillRun{by});
  if (seed_.abandoned) push({CancelRun{"the step that it was for no longer waits for it", ErrorCode::step_stopped}});
  rest_if_idle();
}

void RunDriver::give_up(const Error& why) {
  const Context context{*seed_.workflow, *seed_.evaluator, node_.random, node_.clock.now()};
  Decision decision = troupe::give_up(seed_.state, why, context);
  if (decision.events.empty()) return;
  DecidedCommands decided;
  decided.take({RecoverRun{}}, std::move(decision));
  commit(std::move(decided));
}

// --- what arrives --------------------------------------------------------------------------------------------------

void RunDriver::on(const TaskStarting& starting) {
  if (!is_live(seed_.state, starting.task)) return;
  const Timestamp now = node_.clock.now();
  at_work_.begin(starting, commits_start(starting.task), now);
  node_.board.update(starting.task, {0, {}, now});
  if (watched())
    node_.events.publish(
        running_event(subject_, seed_.state.run, step_name(starting.task.step), starting.task, starting.worker_name));
  push({StartTask{starting.task, starting.worker_name}});
}

void RunDriver::on(const TaskProgress& progress) {
  if (!is_live(seed_.state, progress.task)) return;
  note_sign_of_life(progress.task);
  node_.board.progress(progress.task, progress.fraction, progress.message);
  if (watched())
    node_.events.publish(progress_event(subject_, seed_.state.run, step_name(progress.task.step), progress));
}

void RunDriver::on(const TaskPreview& preview) {
  note_sign_of_life(preview.task);
  if (is_live(seed_.state, preview.task) && watched())
    node_.events.publish(preview_event(subject_, seed_.state.run, step_name(preview.task.step), preview));
}

void RunDriver::on(const TaskLog& log) {
  note_sign_of_life(log.task);
  if (is_live(seed_.state, log.task) && watched())
    node_.events.publish(log_event(subject_, seed_.state.run, step_name(log.task.step), log));
}

void RunDriver::on(const TaskEndedPtr& ended) {
  if (const auto* entry = at_work_.find(ended->task); entry != nullptr && ended->worker.empty()) {
    ended->worker = entry->worker;  // it died: the broker tells in its place
    ended->started_at = entry->since;
  }
  if (ended->outputs)
    push({CompleteTask{ended->task, ended->started_at}, ended, nullptr, /*is_report=*/true});
  else
    push({FailTask{ended->task, ended->outputs.error(), ended->started_at}, ended, nullptr, /*is_report=*/true});
}

void RunDriver::on(const TaskGone& gone) {
  if (is_live(seed_.state, gone.task)) node_.board.remove(gone.task);
  const TasksAtWork::Entry* entry = at_work_.find(gone.task);
  if (!gone.report && entry != nullptr && entry->waits) at_work_.end(gone.task);  // nothing of it was begun
  push({TaskStopped{gone.task}, gone.report, nullptr, gone.report != nullptr, gone.is_due_again});
}

// It has arrived, as far as acceptance is concerned: the switch may stay for long.
void RunDriver::on(const TaskHeld&) { seed_.arrival.complete(); }

void RunDriver::on(const KillRun& kill) {
  if (seed_.state.phase == RunPhase::ended) return;
  // What is being undone is stopped by the broker, and offered again: its time begins anew.
  if (seed_.state.phase == RunPhase::compensating)
    timers_.drop_if([](const SetTimer& timer) { return timer.kind == TimerKind::task_deadline; });
  const CommandRequestPtr request = kill_request(*kill.by, [](const Result<JobChange>&) {});
  push({request->command, nullptr, request});
}

void RunDriver::on(const Wake&) {
  if (is_let_go()) return self_->quit();
  const Timestamp now = node_.clock.now();
  for (const SetTimer& timer : timers_.take_due(now)) {
    if (timer.kind == TimerKind::heartbeat && !is_silent(timer.task, now)) continue;
    const TaskEndedPtr known = is_of_attempt(timer) ? what_is_known_of(timer.task) : nullptr;
    queue_.push_back({FireTimer{timer.kind, timer.task, known ? known->started_at : kNever}, known});
  }
  timers_.arm(RunActor(self_));
  work_off();
}

void RunDriver::on(const TurnCame&) { push({AdmitRun{}}); }

void RunDriver::on(const CommandRequestPtr& request) {
  ++handled_;
  rested_ = false;
  push({request->command, nullptr, request});
}

void RunDriver::on(const RetryRequestPtr& request) {
  ++handled_;
  rested_ = false;
  if (seed_.state.phase == RunPhase::ended) {
    tell_job(RetryFrom{request, std::make_shared<RunState>(seed_.state), seed_.workflow, seed_.head});
  } else {
    request->reply(Error{ErrorCode::job_not_finished, "the job's newest run has not ended", false, {}});
  }
  rest_if_idle();  // after a RetryFrom this counts only if nothing comes of the retry
}

void RunDriver::on(const Persisted& persisted) {
  TROUPE_ASSERT(uncommitted_.has_value(), "an answer of persistence belongs to a decision");
  DecidedCommands done = *std::exchange(uncommitted_, std::nullopt);
  if (persisted.verdict != Persisted::Verdict::committed) {
    for (const QueuedCommand& command : done.commands) refuse(command, persisted.error);
    node_.log.write(log::Level::warning, "a decision was refused; the run is loaded again",
                    {{"job", seed_.job->id}, {"run", seed_.state.run}, {"error", persisted.error.message}});
    self_->quit(caf::make_error(caf::sec::runtime_error, persisted.error.message));
    return;
  }
  seed_.arrival.complete();
  seed_.head = persisted.head;
  seed_.state = std::move(done.decision.after);
  seed_.parked = done.parks;
  seed_.maybe_parked = false;
  const Outcomes outcomes = outcomes_of(done.commands);
  note_ended_tasks(done.decision, outcomes);
  observer_.decided(done.decision.events, outcomes);
  log_events(node_.log, *seed_.job, *seed_.workflow, seed_.state, done.decision.events);
  tell_watchers(persisted.records);
  for (const QueuedCommand& command : done.commands) answer(command);
  if (is_let_go()) return leave();  // whoever took its place goes on from this
  release(done.decision.effects);
  work_off();
}

// --- one command after another -------------------------------------------------------------------------------------

// Who still holds it then is a worker whose executor does not stop: the job may have been loaded anew.
bool RunDriver::is_let_go() const { return !caf::actor_cast<JobActor>(job_); }

void RunDriver::push(QueuedCommand command) {
  if (is_let_go()) {
    end_work(command, seed_.state);
    return leave();
  }
  queue_.push_back(std::move(command));
  work_off();
}

void RunDriver::leave() {
  commit_logs();
  if (!at_work_.has_given_up()) self_->quit();  // else what they wrote comes yet
}

void RunDriver::work_off() {
  while (!uncommitted_ && !queue_.empty()) decide_next();
  commit_logs();
  rest_if_idle();
}

void RunDriver::decide_next() {
  DecidedCommands decided;
  bool is_alone = false;
  do {
    is_alone = queue_.front().request != nullptr;
    QueuedCommand command = std::move(queue_.front());
    queue_.pop_front();
    decide(std::move(command), decided);
  } while (!is_alone && !queue_.empty() && !queue_.front().request && decided.commands.size() < kCommandsAtOnce);
  if (!decided.decision.events.empty()) return commit(std::move(decided));
  release(decided.decision.effects);
  for (const QueuedCommand& command : decided.commands) answer(command);
}

void RunDriver::decide(QueuedCommand command, DecidedCommands& decided) {
  PassOn::hand_over();  // jq may hold this thread up
  const RunState& state = decided.state(seed_.state);
  end_work(command, state);
  const bool completes = std::holds_alternative<CompleteTask>(command.command);
  if (completes && !command.outcome->task.compensation) {
    if (!is_live(state, command.outcome->task)) return;  // an old attempt: its outcome no longer counts
    show_result(command);
  }
  show_what_a_delay_gives(command.command, state);
  if (std::holds_alternative<TaskStopped>(command.command)) tell_what_is_known(command, state);
  // As if its worker was lost: what it may still be at work on is of an earlier epoch then.
  if (command.is_due_again && is_live(state, std::get<TaskStopped>(command.command).task))
    command.command = RecoverRun{};
  if (const auto prepared = prepare(command); !prepared) return refuse(command, prepared.error());
  const Context context{*seed_.workflow, *seed_.evaluator, node_.random, node_.clock.now()};
  auto decision = troupe::decide(state, command.command, context);
  if (!decision) return refuse(command, decision.error());
  note_given_up(decision->events);
  decided.take(std::move(command), *std::move(decision));
}

// --- attempts and what they wrote ----------------------------------------------------------------------------------

/// The worker of an attempt is done with it. If its run was, too, only what it wrote is of interest.
void RunDriver::end_work(const QueuedCommand& command, const RunState& state) {
  if (!command.is_report) return;
  const TaskKey& task = command.outcome->task;
  const auto entry = at_work_.end(task);
  if (entry && entry->is_given_up && !is_live(state, task)) late_.push_back(command.outcome);
}

/// Of an attempt that stopped. Without a report nothing of it was begun, or its executor does not stop, and the run had
/// told it to.
void RunDriver::tell_what_is_known(QueuedCommand& stop, const RunState& state) {
  auto& stopped = std::get<TaskStopped>(stop.command);
  if (!stop.is_report && state.phase == RunPhase::forward && is_live(state, stopped.task)) at_work_.end(stopped.task);
  if (!stop.is_report) stop.outcome = what_is_known_of(stopped.task);
  stopped.started_at = stop.outcome ? stop.outcome->started_at : kNever;
}

void RunDriver::note_given_up(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const auto* retried = std::get_if<TaskRetried>(&event)) at_work_.give_up(retried->task);
    if (const auto* failed = std::get_if<TaskFailed>(&event)) at_work_.give_up(failed->task);
    if (const auto* cancelled = std::get_if<TaskCancelled>(&event)) at_work_.give_up(cancelled->task);
  }
}

/// With the next decision, or by themselves where there is none.
void RunDriver::commit_logs() {
  if (uncommitted_ || late_.empty()) return;
  if (PersistPtr persist = make_persist(node_, *seed_.job, late_)) actors_.persistence.commit(node_, persist);
  late_.clear();
}

/// A report in place of the worker's; null: no worker has it, as far as is known.
TaskEndedPtr RunDriver::what_is_known_of(const TaskKey& task) const {
  const TasksAtWork::Entry* entry = at_work_.find(task);
  if (entry == nullptr) return nullptr;
  auto known = std::make_shared<TaskEnded>();
  known->task = task;
  known->worker = entry->worker;
  known->started_at = entry->since;
  known->ended_at = node_.clock.now();
  return known;
}

// --- what the evaluator is shown -----------------------------------------------------------------------------------

// Each item keeps its own bound, and ten thousand of them would still fill the memory.
void RunDriver::show_result(QueuedCommand& command) {
  TaskEnded& ended = *command.outcome;
  const std::size_t bytes = ended.outputs->size();
  if (seed_.result_bytes + bytes <= limits::kResultBytes) {
    seed_.result_bytes += bytes;
    return seed_.evaluator->add_result(ended.task.step, ended.task.item, *ended.outputs);
  }
  const Error too_large{ErrorCode::output_too_large,
                        "it has " + std::to_string(bytes) + " bytes of outputs, and the run has " +
                            std::to_string(seed_.result_bytes) + " already; its steps may have " +
                            std::to_string(limits::kResultBytes) + " together. Let steps make assets of what is large",
                        false,
                        {}};
  ended.outputs = too_large;
  command.command = FailTask{ended.task, too_large, ended.started_at};
}

// Nobody reports that it is over: its timer is all there is.
void RunDriver::show_what_a_delay_gives(const Command& command, const RunState& state) {
  const auto* timer = std::get_if<FireTimer>(&command);
  if (!timer || timer->kind != TimerKind::item_due || !is_live(state, timer->task)) return;
  if (seed_.workflow->steps[timer->task.step].type != StepType::delay) return;
  seed_.evaluator->add_result(timer->task.step, timer->task.item, {});
}

void RunDriver::commit(DecidedCommands decided) {
  Decision& decision = decided.decision;
  decided.parks = queue_.empty() && parked_until(decision.after, *seed_.workflow, node_.clock.now()).has_value();
  const QueuedCommand& first = decided.commands.front();  // the only one, where a person asked for it
  RunCommit change{*seed_.job,
                   *seed_.workflow,
                   seed_.state,
                   decision.after,
                   decision,
                   /*was_parked=*/seed_.parked || seed_.maybe_parked,
                   decided.parks};
  change.outcomes = outcomes_of(decided.commands);
  change.late = std::exchange(late_, {});
  if (std::holds_alternative<ReceiveSignal>(first.command)) change.signal = first.request->payload;
  if (const auto* review = std::get_if<ReviewAssets>(&first.command)) change.reviews = &review->reviews;
  if (seed_.state.phase == RunPhase::ended) change.outputs = &seed_.outputs, change.error = &seed_.error;
  PersistPtr persist = make_persist(node_, change, seed_.head);
  if (first.request) {
    persist->frame.actor = first.request->actor;
    persist->change.idempotency = first.request->idempotency;
  }
  persist->done = [run = RunActor(self_)](Persisted persisted) { caf::anon_send(run, std::move(persisted)); };
  uncommitted_ = std::move(decided);
  rested_ = false;
  actors_.persistence.commit(node_, persist);
}

void RunDriver::refuse(const QueuedCommand& command, const Error& error) {
  if (command.request) command.request->reply(error);
}

void RunDriver::answer(const QueuedCommand& command) const {
  if (command.request)
    command.request->reply(
        JobChange{seed_.job->id, seed_.job->client_job_id, seed_.state.run, seed_.state.status, std::nullopt});
}

/// What the evaluator has to know before the decision. If that is not committed, the run is loaded anew.
Result<Done> RunDriver::prepare(QueuedCommand& command) {
  if (command.request && !command.request->run.is_nil() && command.request->run != seed_.state.run)
    return Error{ErrorCode::conflict, "the job has a newer run: " + to_string(seed_.state.run)};
  if (std::holds_alternative<ReceiveSignal>(command.command))
    seed_.evaluator->add_signal(seed_.state.signals_received + 1, command.request->payload);
  if (auto* review = std::get_if<ReviewAssets>(&command.command)) {
    for (const Review& known : command.request->known)
      reviewed_.try_emplace({known.asset, known.reviewer}, known.approved);
    return prepare_review(*review);
  }
  return Done{};
}

/// Leaves what was not decided before by the same reviewer.
Result<Done> RunDriver::prepare_review(ReviewAssets& command) {
  for (const Review& review : command.reviews) {
    const auto known = reviewed_.find({review.asset, review.reviewer});
    if (known != reviewed_.end() && known->second != review.approved)
      return Error{ErrorCode::already_reviewed, review.reviewer + " has " + (known->second ? "approved" : "rejected") +
                                                    " image " + to_string(review.asset) + " already"};
  }
  std::erase_if(command.reviews, [&](const Review& review) {
    return reviewed_.contains({review.asset, review.reviewer});
  });
  for (const Review& review : command.reviews) {
    reviewed_[{review.asset, review.reviewer}] = review.approved;
    seed_.evaluator->add_review(review);
  }
  return Done{};
}

void RunDriver::note_sign_of_life(const TaskKey& task) {
  if (TasksAtWork::Entry* entry = at_work_.find(task)) entry->sign_of_life = node_.clock.now();
}

bool RunDriver::is_silent(const TaskKey& task, Timestamp now) {
  const TasksAtWork::Entry* entry = at_work_.find(task);
  if (entry == nullptr) return false;  // it has ended
  const Timestamp due = entry->sign_of_life + seed_.workflow->steps[task.step].heartbeat;
  if (due > now) timers_.set({TimerKind::heartbeat, task, due});
  return due <= now;
}

RunActor::behavior_type run_actor(RunActor::stateful_pointer<RunActorState> self, NodeContext* node,
                                  const NodeActors* actors, const JobActor& job, RunSeedPtr seed) {
  keep_reason_of_death(self);
  self->state.driver = std::make_unique<RunDriver>(self, *node, *actors, job, std::move(*seed));
  RunDriver* driver = self->state.driver.get();
  driver->begin();
  return {
      [=](const Persisted& persisted) { driver->on(persisted); },
      [=](const TaskStarting& starting) { driver->on(starting); },
      [=](const TaskProgress& progress) { driver->on(progress); },
      [=](const TaskPreview& preview) { driver->on(preview); },
      [=](const TaskLog& log) { driver->on(log); },
      [=](const TaskEndedPtr& ended) { driver->on(ended); },
      [=](const TaskGone& gone) { driver->on(gone); },
      [=](const TaskHeld& held) { driver->on(held); },
      [=](const KillRun& kill) { driver->on(kill); },
      [=](const Wake& wake) { driver->on(wake); },
      [=](const TurnCame& came) { driver->on(came); },
      [=](const CommandRequestPtr& request) { driver->on(request); },
      [=](const RetryRequestPtr& request) { driver->on(request); },
      [=](const Probe& probe) { answer_probe(self, probe); },
  };
}

}  // namespace troupe
