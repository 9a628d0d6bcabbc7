#include "actors/child/child_executor.hpp"

#include <algorithm>

#include "actors/child/child_outcome.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/timer/timers.hpp"
#include "codec/json.hpp"
#include "crypto/hash.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {
namespace {

constexpr Millis kPauseMin{100}, kPauseMax{5'000};
// The step's own time-out comes first, so that a job that takes too long is the step's fault, and tried again as such.
constexpr Millis kTimeoutMargin{1'000};

TaskOutcome cancelled() { return {Error{ErrorCode::cancelled, "stopped", false, {}}, {}}; }

Caller caller_of(const Task& task) {
  Caller caller;
  caller.name = "workflow";
  caller.traceparent = task.traceparent;
  return caller;
}

Error invalid(const std::string& pointer, const std::string& message) {
  return {ErrorCode::invalid_config, pointer + " " + message, false, {{pointer, message}}};
}

/// What the step's config says of the job.
Result<SubmitJob> read_config(const Document& document) {
  const Json config = from_document(document);
  SubmitJob job;
  const Json key = config.value("key", Json()), version = config.value("version", Json()),
             inputs = config.value("inputs", Json());
  if (!key.is_string() || !is_workflow_key(key.get_ref<const std::string&>()))
    return invalid("/key", "must be the key of a workflow");
  job.workflow_key = key;
  if (!version.is_null()) {
    if (!version.is_number_integer() || version < 1 || version > INT32_MAX)
      return invalid("/version", "must be the number of a version");
    job.workflow_version = version;
  }
  if (!inputs.is_null() && !inputs.is_object()) return invalid("/inputs", "must be an object");
  if (inputs.is_object()) job.inputs = to_document(inputs);
  if (job.inputs.size() > limits::kBodyBytes)
    return Error{ErrorCode::payload_too_large,
                 "/inputs has " + std::to_string(job.inputs.size()) + " bytes; at most " +
                     std::to_string(limits::kBodyBytes) + " are allowed",
                 false,
                 {}};
  return job;
}

/// A refusal in the words of the step: pointers of its config, not of a request.
Error refusal(const Task& task, Error error) {
  error.retryable = false;
  for (Fault& fault : error.faults) {
    if (fault.pointer == "/workflow_key") fault.pointer = "/key";
    if (fault.pointer == "/workflow_version") fault.pointer = "/version";
  }
  const std::string key = from_document(task.config).value("key", "");
  error.message = "the job of workflow " + key + " was not accepted: " + error.message;
  if (!error.faults.empty()) error.message += ": " + error.faults[0].pointer + " " + error.faults[0].message;
  return error;
}

/// May it be accepted later, with nothing changed but what others do?
bool is_passing(const Error& error) {
  return error.retryable || error.code == ErrorCode::rate_limited || error.code == ErrorCode::kill_switch_engaged;
}

/// Was the job ended by our own stop, or by a kill switch? Both mean the switch: an undoing is stopped by nothing else
/// without being given up.
bool was_stopped_only(const Task& task, const JobRow& job) {
  if (!task.key.compensation || job.status != Status::cancelled || !job.error.present()) return false;
  const ErrorCode code = error_from_json(from_document(job.error)).code;
  return code == ErrorCode::kill_switch_engaged || code == ErrorCode::step_stopped;
}

}  // namespace

void ChildExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  auto wait = std::make_shared<Wait>();
  wait->task = std::move(task);
  wait->sink = std::move(sink);
  {
    const std::lock_guard lock(mutex_);
    wait->finished = leaving_;
    if (!leaving_) TROUPE_ASSERT(waits_.emplace(wait->task.key, wait).second, "a task is started once");
  }
  if (wait->finished) return wait->sink->done(cancelled());
  run(&ChildExecutor::look, wait);
}

void ChildExecutor::stop(const TaskKey& key) {
  WaitPtr wait;
  bool has_child = false, pausing = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waits_.find(key);
    if (found == waits_.end() || found->second->stop_asked) return;
    wait = found->second;
    wait->stop_asked = true;
    has_child = wait->child.has_value();
    pausing = wait->pausing;
  }
  if (has_child)
    run(&ChildExecutor::cancel_child, wait);
  else if (pausing)
    give_up(wait);
  // Else it is being looked for or submitted, and whoever does that sees it.
}

void ChildExecutor::abandon(const TaskKey& key) {
  WaitPtr wait;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waits_.find(key);
    if (found == waits_.end() || found->second->stop_asked) return;
    wait = found->second;
  }
  finish(wait, cancelled());
}

void ChildExecutor::let_go() {
  std::vector<WaitPtr> given_back;
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
    for (const auto& [key, wait] : waits_)
      if (!wait->stop_asked) given_back.push_back(wait);
  }
  for (const WaitPtr& wait : given_back) finish(wait, cancelled());
}

// --- stages --------------------------------------------------------------------------------------------------------

void ChildExecutor::look(const WaitPtr& wait) {
  const auto ids = node_.reader.jobs_called(child_job_key(wait->task.key), wait->task.client_id);
  if (!ids) return pause(&ChildExecutor::look, wait, ids.error());
  {
    const std::lock_guard lock(mutex_);
    wait->is_known = true;
    if (!ids->empty()) wait->child = ids->front();
  }
  if (!ids->empty()) return watch(wait);
  if (give_up(wait)) return;
  auto job = make_job(wait->task);
  if (job) return submit(wait, *std::move(job));
  if (job.error().retryable) return pause(&ChildExecutor::look, wait, job.error());
  finish(wait, {job.error(), {}});
}

Result<SubmitJob> ChildExecutor::make_job(const Task& task) const {
  auto job = read_config(task.config);
  if (!job) return job;
  const auto row = node_.reader.job(task.job);
  if (!row) return row.error();
  if (!*row) return {ErrorCode::internal, "the job of the step is not in the store"};
  const JobFactsPtr parent = job_facts(**row, {});
  const int depth = parent->parent ? parent->parent->depth + 1 : 1;
  if (depth > limits::kSubWorkflowDepth)
    return {ErrorCode::sub_workflow_too_deep, "the job of workflow " + job->workflow_key + " would be within " +
                                                  std::to_string(depth) + " others; at most " +
                                                  std::to_string(limits::kSubWorkflowDepth) + " are allowed"};
  job->client_id = task.client_id;
  job->user_id = (*row)->user_id;
  job->priority = parent->priority;
  job->metadata = parent->metadata;
  if (task.deadline != kNever) job->timeout = std::max(task.deadline - node_.clock.now(), Millis(0)) + kTimeoutMargin;
  job->patient = true;
  job->parent = ParentStep{task.job, task.key, task.step, depth};
  job->request = sha256(child_job_key(task.key));  // whatever is asked for under this key, it is the same job
  return job;
}

void ChildExecutor::submit(const WaitPtr& wait, SubmitJob job) {
  std::vector<SubmitJob> one;
  one.push_back(std::move(job));
  gateway_.submit(caller_of(wait->task), std::move(one), {},
                  [self = shared_from_this(), wait](std::vector<Result<AcceptedJob>> answers) {
                    self->on_submitted(wait, std::move(answers.at(0)));
                  });
}

/// On any thread; must not block.
void ChildExecutor::on_submitted(const WaitPtr& wait, Result<AcceptedJob> answer) {
  if (answer) {
    {
      const std::lock_guard lock(mutex_);
      wait->child = answer->id;
    }
    return run(&ChildExecutor::watch, wait);
  }
  if (is_passing(answer.error())) return pause(&ChildExecutor::look, wait, answer.error());
  if (give_up(wait)) return;
  finish(wait, {refusal(wait->task, answer.error()), {}});
}

void ChildExecutor::begin_again(const WaitPtr& wait, const JobRow& ended) {
  const auto wanted = read_config(wait->task.config);
  if (!wanted) return finish(wait, {wanted.error(), {}});
  RetryJob command;
  command.job.id = ended.id;
  command.workflow_version = wanted->workflow_version;
  gateway_.retry(caller_of(wait->task), std::move(command), {},
                 [self = shared_from_this(), wait, id = ended.id](Result<JobChange> change) {
                   if (!change && change.error().code != ErrorCode::job_not_finished)
                     return self->on_submitted(wait, change.error());
                   AcceptedJob again;
                   again.id = id;
                   self->on_submitted(wait, again);
                 });
}

void ChildExecutor::watch(const WaitPtr& wait) {
  EventFilter filter;
  filter.job = wait->child;
  auto subscription =
      node_.events.subscribe(filter, [self = weak_from_this(), wait = std::weak_ptr(wait)](const LiveEventPtr& event) {
        if (event->seq == 0 || !event->run_status || !has_ended(*event->run_status)) return;
        const auto executor = self.lock();
        const auto waiting = wait.lock();
        if (executor && waiting) executor->on_ended(waiting);
      });
  bool stop_asked = false;
  {
    const std::lock_guard lock(mutex_);
    if (wait->finished) return;
    wait->has_ended = false;
    wait->subscription.swap(subscription);
    stop_asked = wait->stop_asked;
  }
  subscription.reset();  // of an earlier look; outside the lock, since this waits for a call under way
  wait->sink->progress(0, "job " + to_string(*wait->child));
  const auto row = node_.reader.job(*wait->child);  // it may have ended before it was watched
  if (!row) return pause(&ChildExecutor::watch, wait, row.error());
  if (!*row || has_ended((*row)->status)) return on_ended(wait);
  if (stop_asked) cancel_child(wait);
}

void ChildExecutor::cancel_child(const WaitPtr& wait) {
  CancelJob command;
  command.job.id = wait->child;
  command.reason = "step " + wait->task.step + " of job " + to_string(wait->task.job) + " was stopped";
  command.code = ErrorCode::step_stopped;
  gateway_.cancel(caller_of(wait->task), std::move(command), {},
                  [self = shared_from_this(), wait](Result<JobChange> change) {
                    if (change) return;  // its end is an event
                    if (change.error().retryable)
                      return self->pause(&ChildExecutor::cancel_child, wait, change.error());
                    self->on_ended(wait);
                  });
}

/// On any thread; must not block. What follows ends the subscription, which may not be done within its own call.
void ChildExecutor::on_ended(const WaitPtr& wait) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(wait->has_ended, true) || wait->finished) return;
  }
  later_([self = shared_from_this(), wait] { self->run(&ChildExecutor::collect, wait); });
}

void ChildExecutor::collect(const WaitPtr& wait) {
  const auto row = node_.reader.job(*wait->child);
  if (!row) return pause(&ChildExecutor::collect, wait, row.error());
  if (*row && !has_ended((*row)->status)) return watch(wait);  // someone has had it retried already
  const bool may_begin_again = *row && was_stopped_only(wait->task, **row);
  bool stop_asked = false;
  {
    const std::lock_guard lock(mutex_);
    stop_asked = wait->stop_asked;
    if (may_begin_again && !stop_asked) wait->child.reset();  // until it has another run, there is nothing to cancel
  }
  if (may_begin_again && !stop_asked) return begin_again(wait, **row);
  TaskOutcome outcome = *row ? child_outcome(**row) : cancelled();
  if (stop_asked && !outcome.result) outcome = cancelled();
  finish(wait, std::move(outcome));
}

// --- what they share -----------------------------------------------------------------------------------------------

void ChildExecutor::run(Stage stage, const WaitPtr& wait) {
  node_.blocking.run_always([self = shared_from_this(), stage, wait] {
    {
      const std::lock_guard lock(self->mutex_);
      if (wait->finished) return;
    }
    (self.get()->*stage)(wait);
  });
}

void ChildExecutor::pause(Stage next, const WaitPtr& wait, const Error& because) {
  Millis time = because.retry_after.value_or(Millis(0));
  bool gives_up = false;
  {
    const std::lock_guard lock(mutex_);
    if (wait->finished) return;
    if (time == Millis(0)) time = std::min(kPauseMin * (1 << std::min(wait->pauses, 10)), kPauseMax);
    ++wait->pauses;
    gives_up = wait->stop_asked && wait->is_known && !wait->child;
    wait->pausing = true;
  }
  if (gives_up) return finish(wait, cancelled());
  wait->sink->progress(0, "waits to try again: " + because.message);
  node_.timers.call_at(node_.clock.now() + time, [self = weak_from_this(), next, wait = std::weak_ptr(wait)] {
    const auto executor = self.lock();
    const auto waiting = wait.lock();
    if (!executor || !waiting) return;
    {
      const std::lock_guard lock(executor->mutex_);
      waiting->pausing = false;
    }
    executor->run(next, waiting);
  });
}

bool ChildExecutor::give_up(const WaitPtr& wait) {
  {
    const std::lock_guard lock(mutex_);
    if (!wait->stop_asked || !wait->is_known || wait->child) return wait->finished;
  }
  finish(wait, cancelled());
  return true;
}

void ChildExecutor::finish(const WaitPtr& wait, TaskOutcome outcome) {
  std::unique_ptr<Subscription> subscription;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(wait->finished, true)) return;
    waits_.erase(wait->task.key);
    subscription = std::move(wait->subscription);
  }
  subscription.reset();
  wait->sink->done(std::move(outcome));
}

}  // namespace troupe
