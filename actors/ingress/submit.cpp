// Accepting jobs: validate, decide the first step, have it committed, and only then answer and begin.
#include "actors/forecast/forecast.hpp"
#include "actors/ingress/event_hub.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/run/live_events.hpp"
#include "actors/run/run_change.hpp"
#include "actors/switches/kill_request.hpp"
#include "actors/switches/kill_switches.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"
#include "crypto/hash.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

Error unknown_workflow(const SubmitJob& job) {
  const std::string version = job.workflow_version == 0 ? "" : " version " + std::to_string(job.workflow_version);
  return {ErrorCode::unknown_workflow,
          "there is no workflow " + job.workflow_key + version,
          false,
          {{job.workflow_version == 0 ? "/workflow_key" : "/workflow_version", "is not known"}}};
}

/// The accepted job's own record: it takes the place of the run's start, and tells what the job was asked to be.
void describe_acceptance(RecordDraft& record, const SubmitJob& job, const CatalogEntry& entry, const Document& inputs,
                         Millis timeout) {
  record.action = "job.accepted";
  record.details["workflow"] = entry.row.key;
  record.details["workflow_version"] = entry.workflow.version;
  record.details["definition_sha256"] = to_hex(entry.row.digest);
  record.details["priority"] = job.priority;
  record.details["timeout_seconds"] = static_cast<double>(timeout.count()) / 1000.0;
  record.details["inputs"] = digest_to_json(sha256(inputs.view()), inputs.size());
  if (!job.job_id.empty()) record.details["client_job_id"] = job.job_id;
  if (!job.user_id.empty()) record.details["user_id"] = job.user_id;
  if (job.parent)
    record.details["parent"] = {{"job_id", to_string(job.parent->job)},
                                {"run_id", to_string(job.parent->task.run)},
                                {"step", job.parent->step},
                                {"item", job.parent->task.item},
                                {"attempt", job.parent->task.attempt}};
}

/// A new job's row: what never changes from the request, the rest from the first decision.
JobRow row_of_acceptance(const SubmitJob& job, const JobFacts& facts, JobUpdate first) {
  JobRow row;
  row.id = facts.id;
  row.client_id = facts.client_id;
  row.job_id = job.job_id;
  row.workflow_key = facts.workflow_key;
  row.workflow_version = first.run_workflow_version;
  row.user_id = job.user_id;
  row.priority = job.priority;
  row.created_at = facts.created_at;
  row.status = first.status;
  row.run = first.run;
  row.state = std::move(first.state);
  row.run_workflow_version = first.run_workflow_version;
  row.updated_at = first.updated_at;
  row.outputs = std::move(first.outputs);
  row.error = std::move(first.error);
  return row;
}

/// The first decision of a job is made here, on the ingress's threads: a crash in it is that one job's.
template <class Accept>
Result<PersistPtr> try_accept(Accept accept) {
  try {
    return accept();
  } catch (const std::exception& fault) {
    return {ErrorCode::internal, std::string("the job could not be begun: ") + fault.what()};
  }
}

}  // namespace

/// A submit of several jobs: answered when the last of them is.
struct NodeGateway::Batch {
  std::mutex mutex;
  std::vector<std::optional<Result<AcceptedJob>>> answers;
  std::size_t open;
  std::function<void(std::vector<Result<AcceptedJob>>)> reply;

  void answer(std::size_t index, Result<AcceptedJob> result) {
    {
      const std::lock_guard lock(mutex);
      answers[index] = std::move(result);
      if (--open > 0) return;
    }
    std::vector<Result<AcceptedJob>> all;
    for (auto& one : answers) all.push_back(*std::move(one));
    reply(std::move(all));
  }
};

void NodeGateway::submit(const Caller& caller, std::vector<SubmitJob> jobs, RenderAccepted render,
                         std::function<void(std::vector<Result<AcceptedJob>>)> reply) {
  auto batch = std::make_shared<Batch>();
  batch->answers.resize(jobs.size());
  batch->open = jobs.size();
  batch->reply = std::move(reply);
  if (jobs.empty()) return batch->reply({});
  const Slot slot = options_.slots[submits_++ % options_.slots.size()];
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    SubmitJob& job = jobs[i];
    Reply<AcceptedJob> answer = [batch, i](Result<AcceptedJob> result) { batch->answer(i, std::move(result)); };
    const WorkflowCatalog::Found known = node_.workflows.find(job.workflow_key, job.workflow_version);
    if (known.entry && known.entry->is_quick && !job.idempotency) {
      submit_one(caller, std::move(job), known, slot, render, answer);
      continue;
    }
    if (!job.idempotency)
      if (auto error = stopped(job.workflow_key, job.client_id, job.parent.has_value())) {
        answer(*std::move(error));
        continue;
      }
    answer = answered_in_any_case(node_.health, std::move(answer));
    // An old version may have to be read, and so may a kept answer, and jq may take long: not on the ingress thread.
    const bool queued = node_.blocking.run([this, caller, job, slot, render, answer] {
      if (auto kept = claim_key(job.idempotency)) {
        if (!*kept) return answer(kept->error());
        AcceptedJob accepted;
        accepted.kept = **kept;
        return answer(accepted);
      }
      const auto found = node_.workflows.load(job.workflow_key, job.workflow_version);
      submit_one(caller, job, found, slot, render, [this, key = job.idempotency, answer](Result<AcceptedJob> result) {
        release_key(key);
        answer(std::move(result));
      });
    });
    if (!queued) answer(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
  }
}

void NodeGateway::submit_one(const Caller& caller, SubmitJob job, const FoundWorkflow& found, Slot slot,
                             const RenderAccepted& render, std::function<void(Result<AcceptedJob>)> reply,
                             const ExtendChange& extend, bool is_known) {
  AcceptedJob accepted;
  RunSeedPtr seed;
  RateTicketPtr ticket;
  auto persist = try_accept([&] { return accept(caller, job, found, slot, render, accepted, seed, ticket, is_known); });
  if (!persist) {
    if (persist.error().code == ErrorCode::rate_limited && !job.job_id.empty())
      return refuse_unless_known(caller, std::move(job), found, slot, render, std::move(reply), extend,
                                 persist.error());
    return reply(persist.error());
  }
  if (extend) extend((*persist)->change, accepted);
  (*persist)->done = [this, job = std::move(job), accepted, seed, reply, ticket,
                      request = caller.request_id](Persisted persisted) {
    if (persisted.verdict != Persisted::Verdict::committed) node_.gate.leave(seed->job->id, seed->state.run);
    if (ticket) persisted.verdict == Persisted::Verdict::committed ? ticket->use() : ticket->give_back();
    switch (persisted.verdict) {
      case Persisted::Verdict::duplicate:
        seed->arrival.complete();
        return reply(answer_duplicate(job, persisted.duplicate));
      case Persisted::Verdict::refused: return reply(persisted.error);
      case Persisted::Verdict::committed: break;
    }
    reply(accepted);  // first: the client waits
    seed->head = persisted.head;
    node_.metrics.job_accepted(seed->job->workflow_key);
    node_.log.write(log::Level::debug, "job accepted",
                    {{"job", accepted.id},
                     {"workflow", seed->job->workflow_key},
                     {"client", seed->job->client_id},
                     {"request", request}});
    if (node_.events.watched(accepted.id)) {
      const EventSubject subject{accepted.id, accepted.job_id, seed->job->client_id, seed->job->workflow_key};
      for (const LiveEventPtr& event : events_of_records(subject, persisted.records, 0)) node_.events.publish(event);
    }
    // It is in the store, where the supervisor finds it, unless the commit took so long that it has looked past it.
    if (seed->parked && parked_until(seed->state, *seed->workflow, node_.clock.now())) {
      seed->arrival.complete();
      seed->live = {};
      // One that kills may have been engaged meanwhile, and looked past it too.
      if (const auto by = node_.switches.killing(seed->job->workflow_key, seed->job->client_id))
        caf::anon_send(actors_.supervisor, CommandJobMessage{accepted.id, kill_request(*by, [](const auto&) {})});
    } else {
      caf::anon_send(actors_.supervisor, AdoptJob{seed});
    }
  };
  actors_.persistence.commit(node_, *persist);
}

Result<Millis> NodeGateway::check_timeout(const WorkflowDefinition& workflow, std::optional<Millis> asked,
                                          bool cut) const {
  const Millis timeout = asked.value_or(workflow.timeout);
  const Millis longest =
      workflow.timeout_given ? std::min(workflow.timeout, options_.timeout_max) : options_.timeout_max;
  if (timeout <= longest || cut) return std::min(timeout, longest);
  return Error{ErrorCode::timeout_too_large,
               "the time-out is above the maximum of " + format_duration(longest),
               false,
               {{"/timeout_seconds", "must be at most " + std::to_string(longest.count() / 1000)}}};
}

Result<Document> NodeGateway::check_inputs(const CatalogEntry& entry, const Document& inputs) const {
  if (!entry.inputs) return inputs.present() ? inputs : Document("{}");
  auto value = inputs.present() ? parse_json(inputs.view()) : Result<Json>(Json::object());
  if (!value) return value.error();
  if (!entry.inputs->apply_defaults(*value)) {
    const std::string reason = "take too long to be filled with the defaults of the schema";
    return Error{ErrorCode::validation_failed, "the inputs " + reason, false, {{"/inputs", reason}}};
  }
  const std::vector<Fault> faults = entry.inputs->validate(*value);
  if (!faults.empty()) {
    Error error{ErrorCode::validation_failed, "the inputs do not fit the workflow's schema", false, {}};
    for (const Fault& fault : faults) error.faults.push_back({"/inputs" + fault.pointer, fault.message});
    return error;
  }
  return to_document(*value);
}

/// A step's job is let in whatever the limits: the job that waits for it holds room until it ends, and where all have
/// been taken by such jobs none would ever end. How many there may be is bounded by those (limits::kItemsLive,
/// limits::kSubWorkflowDepth).
std::optional<LiveJobs::Ticket> NodeGateway::make_room(const SubmitJob& job) {
  if (job.parent) return node_.health.live.take(job.client_id);
  return node_.health.live.admit(job.client_id, options_.runs_live_max, options_.client_share);
}

Result<PersistPtr> NodeGateway::accept(const Caller& caller, const SubmitJob& job, const FoundWorkflow& found,
                                       Slot slot, const RenderAccepted& render, AcceptedJob& accepted, RunSeedPtr& seed,
                                       RateTicketPtr& ticket, bool is_known) {
  if (auto error = unavailable()) return *std::move(error);
  if (auto error = stopped(job.workflow_key, job.client_id, job.parent.has_value())) return *std::move(error);
  NodeHealth& health = node_.health;
  const auto overloaded = [](std::string why) { return Error{ErrorCode::overloaded, std::move(why), true, {}}; };
  if (!job.parent && health.changes_waiting >= options_.changes_waiting_max)
    return overloaded("the server has more work than it may queue");
  auto live = make_room(job);
  if (!live)
    return overloaded(health.live.count() < options_.runs_live_max
                          ? "the client " + job.client_id + " has as many live jobs as it may have now"
                          : "the server has more work than it may queue");
  if (!job.patient && !health.admission.admits(node_.clock.monotonic()))
    return overloaded("the server has more work than it may queue");
  Arrival arrival = job.patient ? Arrival() : Arrival(health.admission, node_.clock);

  if (!found && found.error().code != ErrorCode::unknown_workflow) return found.error();
  if (!found) return unknown_workflow(job);
  if (found->disabled) return {ErrorCode::workflow_disabled, "the workflow " + job.workflow_key + " is disabled"};
  const CatalogEntryPtr& entry = found->entry;
  const WorkflowDefinition& workflow = entry->workflow;
  const Result<Millis> asked = check_timeout(workflow, job.timeout, /*cut=*/job.parent.has_value());
  if (!asked) return asked.error();
  const Millis timeout = *asked;
  auto inputs = check_inputs(*entry, job.inputs);
  if (!inputs) return inputs.error();
  if (const WorkflowPtr limiting = newest_of(*found); !is_known && meets_rate_limit(job.client_id, *limiting)) {
    const auto scope = [&]() -> Result<Json> {
      return Json{
          {"inputs", from_document(*inputs)}, {"metadata", from_document(job.metadata)}, {"client_id", job.client_id}};
    };
    auto taken = take_tokens({job.client_id, *limiting, scope, job.limits});
    if (!taken) return taken.error();
    ticket = *std::move(taken);
  }

  auto facts = std::make_shared<JobFacts>();
  {
    const std::lock_guard lock(ids_mutex_);
    facts->id = ids_.make<JobId>(slot);
  }
  facts->client_id = job.client_id;
  facts->client_job_id = job.job_id;
  facts->workflow_key = workflow.key;
  facts->traceparent = caller.traceparent.empty() ? traceparent_of(facts->id) : caller.traceparent;
  facts->priority = job.priority;
  facts->created_at = facts->id.created_at();  // so that the first answer can be told again from the id alone
  facts->inputs = *inputs;
  facts->metadata = job.metadata.present() ? job.metadata : Document("{}");
  facts->timeout = timeout;
  facts->parent = job.parent;

  seed = std::make_shared<RunSeed>();
  seed->live = *std::move(live);
  seed->arrival = std::move(arrival);
  seed->workflow = definition_of(entry);
  seed->state = make_run(facts->id.as<RunId>(), 1, workflow, facts->created_at, timeout);
  seed->evaluator = node_.evaluators.make(seed->workflow, run_facts(*facts, seed->state.run));
  seed->job = facts;
  if (workflow.concurrency_limit > 0) {
    auto key = concurrency_key_of(*seed->evaluator);
    if (!key) return key.error();
    seed->state.concurrency_key = *std::move(key);
  }
  ConcurrencyGate::Entering entering(node_.gate, claim_of(*facts, seed->state));
  auto decision =
      decide(seed->state, StartRun{entering.holds()}, {workflow, *seed->evaluator, node_.random, node_.clock.now()});
  if (!decision) return decision.error();
  RunState after = std::move(decision->after);
  const bool parks = parked_until(after, workflow, node_.clock.now()).has_value();

  accepted.id = facts->id;
  accepted.job_id = job.job_id;
  accepted.run = seed->state.run;
  accepted.status = Status::pending;
  accepted.accepted_at = facts->created_at;
  seed->history = node_.forecast.history_of(workflow.key, facts->created_at);
  const Forecast::Said said = node_.forecast.say({after, workflow, entry->delays, job.priority, job.client_id},
                                                 *seed->history, facts->created_at);
  seed->said = said.remaining;
  seed->coming = TaskQueues::Coming(node_.forecast.queues, decision->effects);
  accepted.estimated_completion = said.end;
  if (!job.job_id.empty()) node_.forecast.remember(facts->id, said.end);

  PersistPtr persist = make_persist(node_, {*facts, workflow, seed->state, after, *decision, false, parks}, {});
  describe_acceptance(persist->records.at(0), job, *entry, *inputs, timeout);
  persist->frame.actor = caller.name;
  persist->is_accept = true;
  persist->change.insert = row_of_acceptance(job, *facts, *std::exchange(persist->change.update, std::nullopt));
  persist->change.insert->spec =
      job_spec(*inputs, facts->metadata, job.callback_url, timeout, caller.traceparent, job.parent);
  const std::string key = job.parent ? child_job_key(job.parent->task) : job.job_id;
  if (!key.empty()) persist->change.job_key = JobKeyRow{job.client_id, key, facts->id, job.request};
  if (job.idempotency) persist->change.idempotency = kept_row(*job.idempotency, render(accepted));

  seed->state = std::move(after);
  seed->effects = std::move(decision->effects);
  seed->parked = parks;
  entering.keep();
  return persist;
}

Result<AcceptedJob> NodeGateway::answer_duplicate(const SubmitJob& job, const CommitReply::Duplicate& duplicate) const {
  AcceptedJob accepted;
  if (duplicate.idempotency) {
    if (duplicate.idempotency->request != job.idempotency->request)
      return {ErrorCode::idempotency_key_reused, "this Idempotency-Key was used for another request"};
    accepted.kept = KeptAnswer{duplicate.idempotency->status, duplicate.idempotency->answer};
    return accepted;
  }
  if (duplicate.job_key->request != job.request)
    return Error{ErrorCode::job_id_conflict,
                 "the job_id " + job.job_id + " was used for another body",
                 false,
                 {{"/job_id", "names job " + to_string(duplicate.job_key->id) + " already"}}};
  const auto workflow = node_.workflows.find(job.workflow_key, job.workflow_version).entry;
  accepted.id = duplicate.job_key->id;
  accepted.job_id = job.job_id;
  accepted.run = accepted.id.as<RunId>();
  accepted.accepted_at = accepted.id.created_at();
  accepted.repeated = true;
  if (const auto said = node_.forecast.recall(accepted.id)) {
    accepted.estimated_completion = *said;
  } else if (workflow) {
    const WorkflowDefinition& definition = workflow->workflow;
    const RunState fresh =
        make_run(accepted.run, 1, definition, accepted.accepted_at, job.timeout.value_or(definition.timeout));
    accepted.estimated_completion =
        node_.forecast
            .say({fresh, definition, workflow->delays, job.priority, job.client_id},
                 *node_.forecast.history_of(job.workflow_key, node_.clock.now()), accepted.accepted_at)
            .end;
  }
  return accepted;
}

}  // namespace troupe
