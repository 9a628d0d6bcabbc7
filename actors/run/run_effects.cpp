// The other half of RunDriver: what follows from a commit.
#include "actors/concurrency/concurrency_gate.hpp"
#include "actors/forecast/forecast.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/run/live_board.hpp"
#include "actors/run/run_actor.hpp"
#include "actors/run/run_change.hpp"
#include "codec/json.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {

void RunDriver::note_ended_tasks(const Decision& decision, const Outcomes& outcomes) {
  const auto ended = [&](const TaskKey& task, Status status, Timestamp at) {
    node_.board.remove(task);
    const StepDefinition& step = seed_.workflow->steps[task.step];
    // What no worker had (a signal, a delay) took as long as its step has been under way.
    Timestamp began = task.compensation ? kNever : seed_.state.steps[task.step].started_at;
    const TaskEnded* outcome = find_outcome(outcomes, task);
    if (outcome != nullptr) {
      began = outcome->started_at;
      at = outcome->ended_at;
    }
    const Millis took = began == kNever ? Millis(0) : at - began;
    node_.metrics.step_ended(step.type, status, took);
    if (outcome != nullptr && status != Status::cancelled)  // how long a stopped one held its slot says nothing
      node_.forecast.queues.held(task.compensation ? step.compensate->type : step.type, took);
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
  if (seed_.state.phase != RunPhase::ended) timers_.arm(RunActor(self_));
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
  TasksAtWork::Entry* entry = at_work_.find(effect.task);
  if (entry == nullptr || !entry->waits) return;
  self_->send(std::exchange(entry->waits, {}), TaskAdmitted{effect.task});
  entry->since = entry->sign_of_life = node_.clock.now();  // it could do nothing while its start was being written
}

void RunDriver::do_effect(const SetTimer& effect) {
  if (timers_.is_crowded())
    timers_.thin_out(
        [this](const SetTimer& timer) { return is_of_attempt(timer) && !is_live(seed_.state, timer.task); });
  timers_.set(effect);
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

void RunDriver::after_end() {
  timers_.clear();
  node_.board.remove(seed_.state.run);
  if (!seed_.state.concurrency_key.empty()) node_.gate.leave(seed_.job->id, seed_.state.run);
  const Millis took = seed_.state.ended_at - seed_.state.accepted_at;
  node_.metrics.job_ended(seed_.job->workflow_key, seed_.state.status, took);
  observer_.ended(took);
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

}  // namespace troupe
