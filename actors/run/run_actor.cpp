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

}  // namespace

RunDriver::RunDriver(Self self, NodeContext& node, const NodeActors& actors, const JobActor& job, RunSeed seed)
    : self_(self),
      node_(node),
      actors_(actors),
      job_(caf::actor_cast<caf::weak_actor_ptr>(job)),
      seed_(std::move(seed)),
      subject_{seed_.job->id, seed_.job->client_job_id, seed_.job->client_id, seed_.job->workflow_key},
      observer_(node, seed_) {
  for (const Review& review : seed_.reviews) {
    seed_.evaluator->add_review(review);
    reviewed_[{review.asset, review.reviewer}] = review.approved;
  }
}

RunDriver::~RunDriver() {
  if (armed_) node_.timers.forget(*armed_);
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
    push({RecoverRun{}, nullptr, nullptr});
  // One that was accepted, retried or loaded while the switch was being engaged is known to nobody else.
  if (const auto by = node_.switches.killing(seed_.job->workflow_key, seed_.job->client_id)) on(KillRun{by});
  if (seed_.abandoned)
    push({CancelRun{"the step that it was for no longer waits for it", ErrorCode::step_stopped}, nullptr, nullptr});
  rest_if_idle();
}

void RunDriver::give_up(const Error& why) {
  const Context context{*seed_.workflow, *seed_.evaluator, node_.random, node_.clock.now()};
  Decision decision = troupe::give_up(seed_.state, why, context);
  if (!decision.events.empty()) commit({RecoverRun{}, nullptr, nullptr}, std::move(decision));
}

// --- what arrives --------------------------------------------------------------------------------------------------

void RunDriver::on(const TaskStarting& starting) {
  if (!is_live(seed_.state, starting.task)) return;
  if (commits_start(starting.task)) waiting_for_admission_[starting.task] = starting.worker;
  note_sign_of_life(starting.task);
  node_.board.update(starting.task, {0, {}, node_.clock.now()});
  if (watched())
    node_.events.publish(
        running_event(subject_, seed_.state.run, step_name(starting.task.step), starting.task, starting.worker_name));
  push({StartTask{starting.task, starting.worker_name}, nullptr, nullptr});
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
  waiting_for_admission_.erase(ended->task);
  if (ended->outputs)
    push({CompleteTask{ended->task, ended->started_at}, ended, nullptr});
  else
    push({FailTask{ended->task, ended->outputs.error(), ended->started_at}, ended, nullptr});
}

void RunDriver::on(const TaskGone& gone) {
  waiting_for_admission_.erase(gone.task);
  signs_of_life_.erase(gone.task);  // nobody gives any: one that a node hands back, which stops, is not silent
  if (is_live(seed_.state, gone.task)) node_.board.remove(gone.task);
  push({TaskStopped{gone.task}, nullptr, nullptr, gone.is_due_again});
}

// It has arrived, as far as acceptance is concerned: the switch may stay for long.
void RunDriver::on(const TaskHeld&) { seed_.arrival.complete(); }

void RunDriver::on(const KillRun& kill) {
  if (seed_.state.phase == RunPhase::ended) return;
  // What is being undone is stopped by the broker, and offered again: its time begins anew.
  if (seed_.state.phase == RunPhase::compensating)
    std::erase_if(timers_, [](const auto& timer) { return timer.second.kind == TimerKind::task_deadline; });
  const CommandRequestPtr request = kill_request(*kill.by, [](const Result<JobChange>&) {});
  push({request->command, nullptr, request});
}

void RunDriver::on(const Wake&) {
  if (is_let_go()) return self_->quit();
  if (armed_) node_.timers.forget(*std::exchange(armed_, std::nullopt));
  const Timestamp now = node_.clock.now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const SetTimer timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    if (timer.kind == TimerKind::heartbeat && !is_silent(timer.task, now)) continue;
    queue_.push_back({FireTimer{timer.kind, timer.task}, nullptr, nullptr});
  }
  arm_timer();
  work_off();
}

void RunDriver::on(const TurnCame&) { push({AdmitRun{}, nullptr, nullptr}); }

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
  Uncommitted done = *std::exchange(uncommitted_, std::nullopt);
  if (persisted.verdict != Persisted::Verdict::committed) {
    if (done.command.request) done.command.request->reply(persisted.error);
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
  note_ended_tasks(done.decision, done.command.outcome);
  observer_.decided(done.decision.events, done.command.outcome);
  log_events(node_.log, *seed_.job, *seed_.workflow, seed_.state, done.decision.events);
  tell_watchers(persisted.records);
  if (done.command.request) answer(done.command);
  if (is_let_go()) return self_->quit();  // whoever took its place goes on from this
  release(done.decision.effects);
  work_off();
}

// --- one command after another -------------------------------------------------------------------------------------

// Who still holds it then is a worker whose executor does not stop: the job may have been loaded anew.
bool RunDriver::is_let_go() const { return !caf::actor_cast<JobActor>(job_); }

void RunDriver::push(QueuedCommand command) {
  if (is_let_go()) return self_->quit();
  queue_.push_back(std::move(command));
  work_off();
}

void RunDriver::work_off() {
  while (!uncommitted_ && !queue_.empty()) {
    QueuedCommand command = std::move(queue_.front());
    queue_.pop_front();
    handle(std::move(command));
  }
  rest_if_idle();
}

void RunDriver::handle(QueuedCommand command) {
  PassOn::hand_over();  // jq may hold this thread up
  const bool completes = std::holds_alternative<CompleteTask>(command.command);
  if (completes && !command.outcome->task.compensation) {
    if (!is_live(seed_.state, command.outcome->task)) return;  // an old attempt: its outcome no longer counts
    show_result(command);
  }
  show_what_a_delay_gives(command.command);
  // As if its worker was lost: what it may still be at work on is of an earlier epoch then.
  if (command.is_due_again && is_live(seed_.state, std::get<TaskStopped>(command.command).task))
    command.command = RecoverRun{};
  if (const auto prepared = prepare(command); !prepared) return refuse(command, prepared.error());
  const Context context{*seed_.workflow, *seed_.evaluator, node_.random, node_.clock.now()};
  auto decision = decide(seed_.state, command.command, context);
  if (!decision) return refuse(command, decision.error());
  if (decision->events.empty()) {
    release(decision->effects);
    if (command.request) answer(command);
  } else {
    commit(std::move(command), *std::move(decision));
  }
}

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
void RunDriver::show_what_a_delay_gives(const Command& command) {
  const auto* timer = std::get_if<FireTimer>(&command);
  if (!timer || timer->kind != TimerKind::item_due || !is_live(seed_.state, timer->task)) return;
  if (seed_.workflow->steps[timer->task.step].type != StepType::delay) return;
  seed_.evaluator->add_result(timer->task.step, timer->task.item, {});
}

void RunDriver::commit(QueuedCommand command, Decision decision) {
  const bool parks = queue_.empty() && parked_until(decision.after, *seed_.workflow, node_.clock.now()).has_value();
  RunCommit change{*seed_.job,   *seed_.workflow, seed_.state, decision.after, decision, command.outcome,
                   seed_.parked, parks,           {},          nullptr,        nullptr,  nullptr};
  change.was_parked = seed_.parked || seed_.maybe_parked;
  if (std::holds_alternative<ReceiveSignal>(command.command)) change.signal = command.request->payload;
  if (const auto* review = std::get_if<ReviewAssets>(&command.command)) change.reviews = &review->reviews;
  if (seed_.state.phase == RunPhase::ended) change.outputs = &seed_.outputs, change.error = &seed_.error;
  PersistPtr persist = make_persist(node_, change, seed_.head);
  if (command.request) {
    persist->frame.actor = command.request->actor;
    persist->change.idempotency = command.request->idempotency;
  }
  persist->done = [run = RunActor(self_)](Persisted persisted) { caf::anon_send(run, std::move(persisted)); };
  uncommitted_ = Uncommitted{std::move(command), std::move(decision), parks};
  rested_ = false;
  actors_.persistence.commit(node_, persist);
}

void RunDriver::refuse(const QueuedCommand& command, const Error& error) {
  if (command.request) command.request->reply(error);
}

void RunDriver::answer(const QueuedCommand& command) const {
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
  if (task.compensation || seed_.workflow->steps[task.step].heartbeat == Millis(0)) return;
  if (is_live(seed_.state, task)) signs_of_life_[task] = node_.clock.now();
}

/// If not, the timer is set to when it would be.
bool RunDriver::is_silent(const TaskKey& task, Timestamp now) {
  const auto sign = signs_of_life_.find(task);
  if (sign == signs_of_life_.end()) return false;  // it has ended
  const Timestamp due = sign->second + seed_.workflow->steps[task.step].heartbeat;
  if (due > now) timers_.emplace(due, SetTimer{TimerKind::heartbeat, task, due});
  return due <= now;
}

// --- what follows from a commit ------------------------------------------------------------------------------------

void RunDriver::note_ended_tasks(const Decision& decision, const TaskEndedPtr& outcome) {
  const auto ended = [&](const TaskKey& task, Status status, Timestamp at) {
    waiting_for_admission_.erase(task);
    signs_of_life_.erase(task);
    node_.board.remove(task);
    const StepDefinition& step = seed_.workflow->steps[task.step];
    // What no worker had (a signal, a delay) took as long as its step has been under way.
    Timestamp began = task.compensation ? kNever : seed_.state.steps[task.step].started_at;
    const bool is_told = outcome && outcome->task == task;
    if (is_told) {
      began = outcome->started_at;
      at = outcome->ended_at;
    }
    const Millis took = began == kNever ? Millis(0) : at - began;
    node_.metrics.step_ended(step.type, status, took);
    if (is_told) node_.forecast.queues.held(task.compensation ? step.compensate->type : step.type, took);
  };
  for (const Event& event : decision.events) {
    if (const auto* completed = std::get_if<TaskCompleted>(&event))
      ended(completed->task, Status::success, completed->at);
    if (const auto* taken = std::get_if<SignalTaken>(&event)) ended(taken->task, Status::success, taken->at);
    if (const auto* failed = std::get_if<TaskFailed>(&event)) ended(failed->task, Status::failed, failed->at);
    if (const auto* retried = std::get_if<TaskRetried>(&event)) ended(retried->task, Status::failed, retried->at);
    if (const auto* cancelled = std::get_if<TaskCancelled>(&event))
      ended(cancelled->task, Status::cancelled, cancelled->at);
  }
}

bool RunDriver::watched() const { return node_.events.watched(seed_.job->id); }

void RunDriver::tell_watchers(const std::string& records) {
  if (!watched()) return;
  for (const LiveEventPtr& event : events_of_records(subject_, records, 0)) node_.events.publish(event);
}

void RunDriver::release(const std::vector<Effect>& effects) {
  for (const Effect& effect : effects) std::visit([this](const auto& e) { do_effect(e); }, effect);
  arm_timer();
}

void RunDriver::do_effect(const DispatchTask& effect) {
  const StepDefinition& step = seed_.workflow->steps[effect.task.step];
  auto offer = std::make_shared<TaskOffer>();
  offer->task.key = effect.task;
  offer->task.job = seed_.job->id;
  offer->task.step = step.name;
  offer->task.type = effect.type;
  offer->task.config = effect.config;
  offer->task.client_id = seed_.job->client_id;
  offer->task.traceparent = seed_.job->traceparent;
  offer->timeout = effect.task.compensation ? step.compensate->timeout : step.timeout;
  offer->run = RunActor(self_);
  offer->workflow_key = seed_.job->workflow_key;
  offer->ready_at = ready_since(effect.task);
  offer->priority = seed_.job->priority;
  offer->commits_start = commits_start(effect.task);
  offer->may_be_repeated = step.may_be_repeated(effect.task.compensation);
  self_->send(actors_.broker, TaskOfferPtr(offer));
}

Timestamp RunDriver::ready_since(const TaskKey& task) const {
  const Timestamp now = node_.clock.now();
  if (task.compensation) return std::min(now, seed_.state.compensation->due);
  for (const LiveItem& item : seed_.state.steps[task.step].live)
    if (item.item == task.item) return std::min(now, item.due);
  return now;
}

void RunDriver::do_effect(const AdmitTask& effect) {
  const auto found = waiting_for_admission_.find(effect.task);
  if (found == waiting_for_admission_.end()) return;
  self_->send(found->second, TaskAdmitted{effect.task});
  waiting_for_admission_.erase(found);
  note_sign_of_life(effect.task);  // it could give none while its start was being written
}

void RunDriver::do_effect(const SetTimer& effect) {
  if (timers_.size() >= timers_most_) drop_idle_timers();
  timers_.emplace(effect.due, effect);
}

/// Those of attempts that have ended come to nothing, and may be due in a month.
void RunDriver::drop_idle_timers() {
  std::erase_if(timers_, [&](const auto& timer) {
    const bool is_a_tasks =
        timer.second.kind != TimerKind::run_deadline && timer.second.kind != TimerKind::step_deadline;
    return is_a_tasks && !is_live(seed_.state, timer.second.task);
  });
  timers_most_ = std::max(kTimersFew, 2 * timers_.size());
}

void RunDriver::do_effect(const StopTask& effect) {
  self_->send(actors_.broker, WithdrawTask{effect.task, RunActor(self_)});
}

void RunDriver::do_effect(const KeepResult&) {}  // written with the commit, like the next
void RunDriver::do_effect(const KeepSignal&) {}

void RunDriver::do_effect(const FinishRun& effect) {
  seed_.outputs = effect.outputs;  // written with the commit; for what may be written after the end
  if (effect.status != Status::success && seed_.state.error)
    seed_.error = to_document(error_to_json(*seed_.state.error));
  after_end();
}

void RunDriver::arm_timer() {
  if (timers_.empty() || seed_.state.phase == RunPhase::ended) return;
  const Timestamp due = timers_.begin()->first;
  if (armed_ && armed_->due <= due) return;
  if (armed_) node_.timers.forget(*armed_);
  armed_ = node_.timers.wake_at(due, RunActor(self_));
}

void RunDriver::after_end() {
  timers_.clear();
  if (armed_) node_.timers.forget(*std::exchange(armed_, std::nullopt));
  node_.board.remove(seed_.state.run);
  if (!seed_.state.concurrency_key.empty()) node_.gate.leave(seed_.job->id, seed_.state.run);
  const Millis took = seed_.state.ended_at - seed_.state.accepted_at;
  node_.metrics.job_ended(seed_.job->workflow_key, seed_.state.status, took);
  observer_.ended(took);
}

template <class Message>
void RunDriver::tell_job(Message message) {
  if (const auto job = caf::actor_cast<JobActor>(job_)) self_->send(job, std::move(message));
}

// That it is parked is not enough: it may have been loaded because it falls due soon, and what is due again is
// dispatched without a commit. A run that rests then would be gone when its timer or its task's outcome comes.
bool RunDriver::rests_for_long() const {
  return seed_.parked && parked_until(seed_.state, *seed_.workflow, node_.clock.now()).has_value();
}

void RunDriver::rest_if_idle() {
  if (rested_ || uncommitted_ || !queue_.empty()) return;
  if (seed_.state.phase != RunPhase::ended && !rests_for_long()) return;
  rested_ = true;
  tell_job(RunRested{handled_});
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
