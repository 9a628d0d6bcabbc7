// Schedules: what they want is checked here; their actor keeps them and begins their jobs.
#include "actors/ingress/node_gateway.hpp"
#include "actors/schedule/schedule_records.hpp"
#include "codec/schedule_codec.hpp"

namespace troupe {

void NodeGateway::submit_extended(const Caller& caller, SubmitJob job, ExtendChange extend, Reply<AcceptedJob> reply) {
  const Slot slot = options_.slots[submits_++ % options_.slots.size()];
  const WorkflowCatalog::Found known = node_.workflows.find(job.workflow_key, job.workflow_version);
  if (known.entry && known.entry->is_quick)
    return submit_one(caller, std::move(job), known, slot, {}, std::move(reply), extend);
  // As with submit: an old version may have to be read, and jq may take long.
  const bool queued = node_.blocking.run([=, this, job = std::move(job)] {
    submit_one(caller, job, node_.workflows.load(job.workflow_key, job.workflow_version), slot, {}, reply, extend);
  });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

Result<Done> NodeGateway::check_schedule(const Schedule& wanted) {
  const auto found = node_.workflows.load(wanted.workflow_key, wanted.workflow_version);
  if (!found && found.error().code == ErrorCode::unknown_workflow)
    return Error{ErrorCode::unknown_workflow,
                 found.error().message,
                 false,
                 {{wanted.workflow_version == 0 ? "/workflow_key" : "/workflow_version", "is not known"}}};
  if (!found) return found.error();
  std::vector<Error> errors;
  if (const auto inputs = check_inputs(*found->entry, wanted.inputs); !inputs) errors.push_back(inputs.error());
  if (const auto timeout = check_timeout(found->entry->workflow, wanted.timeout); !timeout)
    errors.push_back(timeout.error());
  if (encode_schedule(wanted).size() > kScheduleBytes)
    errors.push_back({ErrorCode::validation_failed,
                      "the schedule is too large",
                      false,
                      {{"", "must have at most " + std::to_string(kScheduleBytes) + " bytes in all"}}});
  if (errors.empty()) return Done{};
  Error all = errors.front();
  for (std::size_t i = 1; i < errors.size(); ++i) {
    if (errors[i].code != all.code) all.code = ErrorCode::validation_failed;
    all.message += ", and " + errors[i].message;
    all.faults.insert(all.faults.end(), errors[i].faults.begin(), errors[i].faults.end());
  }
  return all;
}

void NodeGateway::put_schedule(const Caller& caller, PutSchedule command,
                               std::function<KeptAnswer(const ScheduleChange&)> render, Reply<ScheduleChange> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  const bool queued = node_.blocking.run([=, this, command = std::move(command)] {
    if (const auto kept = claim_key(command.idempotency)) {
      if (!*kept) return reply(kept->error());
      ScheduleChange change;
      change.kept = **kept;
      return reply(change);
    }
    const auto answer = [this, key = command.idempotency, reply](Result<ScheduleChange> change) {
      release_key(key);
      reply(std::move(change));
    };
    if (const auto valid = check_schedule(command.wanted); !valid) return answer(valid.error());
    auto request = std::make_shared<PutScheduleRequest>();
    request->command = command;
    request->caller = caller;
    if (command.idempotency)
      request->idempotency = [this, key = *command.idempotency, render](const ScheduleChange& change) {
        return std::optional(kept_row(key, render(change)));
      };
    request->reply = answer;
    caf::anon_send(actors_.schedules, PutScheduleRequestPtr(request));
  });
  if (!queued) reply(Error{ErrorCode::overloaded, "too many requests are waiting", true, {}});
}

void NodeGateway::set_schedule_enabled(const Caller& caller, std::string id, bool enabled, Reply<ScheduleView> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  caf::anon_send(actors_.schedules, SwitchScheduleRequestPtr(std::make_shared<SwitchScheduleRequest>(
                                        SwitchScheduleRequest{std::move(id), enabled, caller, std::move(reply)})));
}

void NodeGateway::delete_schedule(const Caller& caller, std::string id, Reply<Done> reply) {
  if (auto error = unavailable()) return reply(*std::move(error));
  const auto answer = [reply](const Result<ScheduleView>& removed) {
    reply(removed ? Result<Done>(Done{}) : Result<Done>(removed.error()));
  };
  caf::anon_send(actors_.schedules, SwitchScheduleRequestPtr(std::make_shared<SwitchScheduleRequest>(
                                        SwitchScheduleRequest{std::move(id), std::nullopt, caller, answer})));
}

void NodeGateway::trigger_schedule(const Caller& caller, std::string id, std::optional<IdempotencyKey> key,
                                   RenderAccepted render, Reply<AcceptedJob> reply) {
  schedule(caller, std::move(id), [=, this](Result<ScheduleView> view) {
    if (!view) return reply(view.error());
    SubmitJob job = job_of_schedule(view->schedule, node_.clock.now());
    job.idempotency = key;
    std::vector<SubmitJob> jobs;
    jobs.push_back(std::move(job));
    submit(caller, std::move(jobs), render,
           [reply](std::vector<Result<AcceptedJob>> answers) { reply(answers.at(0)); });
  });
}

void NodeGateway::schedule(const Caller& caller, std::string id, Reply<ScheduleView> reply) {
  caf::anon_send(actors_.schedules, ReadScheduleRequestPtr(std::make_shared<ReadScheduleRequest>(
                                        ReadScheduleRequest{std::move(id), caller, std::move(reply)})));
}

void NodeGateway::schedules(const Caller& caller, ScheduleQuery query, Reply<std::vector<ScheduleView>> reply) {
  if (caller.client_id) query.client_id = caller.client_id;
  caf::anon_send(actors_.schedules, ListSchedulesRequestPtr(std::make_shared<ListSchedulesRequest>(
                                        ListSchedulesRequest{std::move(query), std::move(reply)})));
}

}  // namespace troupe
