// Changes of jobs that exist: cancel, retry; and waiting for a job's end.
#include "actors/ingress/event_hub.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/timer/timers.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

JobChange kept_change(const KeptAnswer& answer) {
  JobChange change;
  change.kept = answer;
  return change;
}

}  // namespace

/// What every change begins with: the kept answer of its key, if there is one, else the job that it is of.
void NodeGateway::change(FindJob find, const std::optional<IdempotencyKey>& key, Reply<JobChange> reply,
                         ChangeJob make_change) {
  if (auto error = unavailable()) return reply(*std::move(error));
  const bool queued =
      node_.blocking.run([this, find = std::move(find), key, reply, make_change = std::move(make_change)] {
        if (const auto kept = claim_key(key)) {
          if (!*kept) return reply(kept->error());
          return reply(kept_change(**kept));
        }
        const Reply<JobChange> answer =
            answered_in_any_case<JobChange>(node_.health, [this, key, reply](Result<JobChange> change) {
              release_key(key);
              reply(std::move(change));
            });
        const auto row = find();
        if (!row) return answer(row.error());
        make_change(*row, answer);
      });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

void NodeGateway::cancel(const Caller& caller, CancelJob command, RenderChange render, Reply<JobChange> reply) {
  const auto find = [=, this] { return find_job(caller, command.job); };
  change(find, command.idempotency, reply, [=, this](const JobRow& row, const Reply<JobChange>& answer) {
    if (has_ended(row.status)) return answer(ended_error(row.status));
    auto request = std::make_shared<CommandRequest>();
    request->command = CancelRun{command.reason.empty() ? "cancelled by " + caller.name : command.reason, command.code};
    request->actor = caller.name;
    if (command.idempotency)
      request->idempotency = kept_row(*command.idempotency, render({row.id, row.job_id, row.run, row.status, {}}));
    request->reply = answer;
    caf::anon_send(actors_.supervisor, CommandJobMessage{row.id, request});
  });
}

Result<Document> NodeGateway::inputs_of_retry(const CatalogEntry& entry, const JobRow& row,
                                              const Document& given) const {
  if (given.present()) return check_inputs(entry, given);
  if (entry.row.version == row.run_workflow_version) return Document();
  const auto kept = newest_inputs(node_, row);
  if (!kept) return kept.error();
  auto checked = check_inputs(entry, *kept);
  if (checked) return is_same_json(*checked, *kept) ? Document() : *std::move(checked);
  Error error = std::move(checked).error();
  error.message = "the inputs of the run before do not fit version " + std::to_string(entry.row.version) +
                  " of the workflow: give others, or name version " + std::to_string(row.run_workflow_version);
  return error;
}

void NodeGateway::retry(const Caller& caller, RetryJob command, RenderChange render, Reply<JobChange> reply) {
  const auto find = [=, this] { return find_job(caller, command.job); };
  change(find, command.idempotency, reply, [=, this](const JobRow& row, const Reply<JobChange>& answer) {
    if (!has_ended(row.status))
      return answer(Error{ErrorCode::job_not_finished, "the job's newest run has not ended", false, {}});
    if (auto error = stopped(row.workflow_key, row.client_id)) return answer(*std::move(error));
    auto workflow = node_.workflows.load(row.workflow_key, command.workflow_version);
    if (!workflow) return answer(workflow.error());
    if (workflow->disabled)
      return answer(
          Error{ErrorCode::workflow_disabled, "the workflow " + row.workflow_key + " is disabled", false, {}});
    auto request = std::make_shared<RetryRequest>();
    request->from_step = command.from_step;
    request->workflow = definition_of(workflow->entry);
    request->actor = caller.name;
    request->after = row.run;
    auto inputs = inputs_of_retry(*workflow->entry, row, command.inputs);
    if (!inputs) return answer(inputs.error());
    request->inputs = *std::move(inputs);
    if (command.idempotency)
      request->idempotency = [this, key = *command.idempotency, render](const JobChange& change) {
        return std::optional(kept_row(key, render(change)));
      };
    request->reply = answer;
    if (const WorkflowPtr limiting = newest_of(*workflow); meets_rate_limit(row.client_id, *limiting)) {
      const auto scope = [&] { return scope_of_retry(row, request->inputs); };
      auto taken = take_tokens({row.client_id, *limiting, scope, command.limits});
      if (!taken) return answer(taken.error());
      request->reply = [answer, ticket = *std::move(taken)](Result<JobChange> change) {
        change ? ticket->use() : ticket->give_back();
        answer(std::move(change));
      };
    }
    caf::anon_send(actors_.supervisor, RetryJobMessage{row.id, request});
  });
}

namespace {

/// One answer, from whichever comes first: the job's end, or the end of patience.
struct Waiting {
  /// What ends it, once that is set up.
  struct Causes {
    std::unique_ptr<Subscription> subscription;
    std::optional<Timers::Key> patience;
  };
  std::mutex mutex;
  Causes causes;
  bool is_over = false;
  std::function<void()> finish;
  Waits::Place place;

  void done() {
    std::function<void()> once;
    {
      const std::lock_guard lock(mutex);
      once = std::exchange(finish, nullptr);
    }
    if (once) once();
  }
  /// Gives them back if it was over before.
  Causes keep(Causes given) {
    const std::lock_guard lock(mutex);
    if (!is_over) std::swap(causes, given);
    return given;
  }
  Causes end() {
    const std::lock_guard lock(mutex);
    is_over = true;
    return std::move(causes);
  }
};

void let_go(Timers& timers, Waiting::Causes causes) {
  causes.subscription.reset();
  if (causes.patience) timers.forget(*causes.patience);
}

bool tells_of_the_end(const LiveEvent& event) {
  // The data of our own durable status events (live_events.cpp).
  if (event.kind != "status" || event.seq == 0) return false;
  for (const char* end : {"\"run.completed\"", "\"run.failed\"", "\"run.cancelled\""})
    if (event.data.find(std::string("\"action\":") + end) != std::string::npos) return true;
  return false;
}

}  // namespace

void NodeGateway::wait(const Caller& caller, JobRef job, Millis timeout, Reply<JobView> reply) {
  reply = answered_in_any_case(node_.health, std::move(reply));
  const bool queued = node_.blocking.run([this, caller, job, timeout, reply] {
    const auto row = find_job(caller, job);
    if (!row) return reply(row.error());
    auto waiting = std::make_shared<Waiting>();
    JobRef ref;
    ref.id = row->id;
    waiting->finish = [this, caller, ref, reply, waiting] {
      // Away from the publishing thread: the subscription cannot be dropped from within its own call, and reads block.
      node_.blocking.run_always([this, caller, ref, reply, waiting] {
        let_go(node_.timers, waiting->end());
        waits_.remove(waiting->place);
        reply(view_job(caller, ref, /*details=*/true));
      });
    };
    waiting->place = waits_.add([waiting] { waiting->done(); });
    EventFilter filter;
    filter.job = row->id;
    Waiting::Causes causes;
    causes.patience = node_.timers.call_at(node_.clock.now() + timeout, [waiting] { waiting->done(); });
    causes.subscription = node_.events.subscribe(filter, [waiting](const LiveEventPtr& event) {
      if (tells_of_the_end(*event)) waiting->done();
    });
    let_go(node_.timers, waiting->keep(std::move(causes)));
    const auto now = find_job(caller, ref);  // it may have ended before we watched
    if (!now || has_ended(now->status) || node_.health.stopping) waiting->done();
  });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

void NodeGateway::end_waits() { waits_.end_all(); }

}  // namespace troupe
