// What people tell a run: signals, and decisions about its images and its attempts in doubt.
#include "actors/ingress/node_gateway.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {

Result<JobRow> NodeGateway::find_job_of_run(const Caller& caller, const RunId& run) const {
  const auto record = node_.reader.run(run);
  if (!record) return record.error();
  if (!*record || !may_see(caller, (*record)->job)) return {ErrorCode::not_found, "there is no such run"};
  if ((*record)->job.run != run)
    return {ErrorCode::conflict, "the job has a newer run: " + to_string((*record)->job.run)};
  return (*record)->job;
}

void NodeGateway::tell_run(const Caller& caller, const RunMessage& message, RenderChange render,
                           Reply<JobChange> reply) {
  const auto find = [=, this] { return find_job_of_run(caller, message.run); };
  change(find, message.idempotency, reply, [=, this](const JobRow& row, const Reply<JobChange>& answer) {
    if (has_ended(row.status)) return answer(ended_error(row.status));
    auto request = std::make_shared<CommandRequest>();
    request->command = message.command;
    request->payload = message.payload;
    request->run = message.run;
    request->actor = caller.name;
    if (message.idempotency)
      request->idempotency = kept_row(*message.idempotency, render({row.id, row.job_id, row.run, row.status, {}, {}}));
    request->reply = answer;
    caf::anon_send(actors_.supervisor, CommandJobMessage{row.id, request});
  });
}

void NodeGateway::signal(const Caller& caller, SendSignal command, RenderChange render, Reply<JobChange> reply) {
  if (command.payload.size() > limits::kInlineDocumentBytes)
    return reply(Error{ErrorCode::payload_too_large, "a signal's payload may have at most " +
                                                         std::to_string(limits::kInlineDocumentBytes) + " bytes"});
  const Document payload = command.payload.present() ? command.payload : Document("null");
  tell_run(caller, {command.run, ReceiveSignal{command.name}, payload, command.idempotency}, std::move(render),
           std::move(reply));
}

void NodeGateway::resolve(const Caller& caller, ResolveAttempt command, RenderChange render, Reply<JobChange> reply) {
  if (command.decision.outputs.size() > limits::kInlineDocumentBytes)
    return reply(Error{
        ErrorCode::payload_too_large,
        "the output may have at most " + std::to_string(limits::kInlineDocumentBytes) + " bytes where it is told"});
  tell_run(caller, {command.run, command.decision, {}, command.idempotency}, std::move(render), std::move(reply));
}

/// Every image is there, and of a job that the caller sees.
Result<Done> NodeGateway::check_images(const Caller& caller, const ReviewImages& command) const {
  Error error{ErrorCode::not_found, "there is no such image", false, {}};
  const auto check = [&](const std::vector<AssetId>& images, const char* member) -> Result<Done> {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto found = find_asset(caller, images[i]);
      if (!found && found.error().code != ErrorCode::not_found) return found.error();
      if (!found)
        error.faults.push_back({"/" + std::string(member) + "/" + std::to_string(i), "there is no such image"});
    }
    return Done{};
  };
  if (auto approve = check(command.approve, "approve"); !approve) return approve;
  if (auto reject = check(command.reject, "reject"); !reject) return reject;
  if (!error.faults.empty()) return error;
  return Done{};
}

void NodeGateway::review(const Caller& caller, ReviewImages command, RenderChange render, Reply<JobChange> reply) {
  const auto find = [=, this]() -> Result<JobRow> {
    auto row = find_job_of_run(caller, command.run);
    if (!row) return row;
    if (const auto checked = check_images(caller, command); !checked) return checked.error();
    return row;
  };
  change(find, command.idempotency, reply, [=, this](const JobRow& row, const Reply<JobChange>& answer) {
    const Timestamp now = node_.clock.now();
    std::vector<Review> reviews;
    for (const AssetId& asset : command.approve) reviews.push_back({asset, command.reviewer, true, command.notes, now});
    for (const AssetId& asset : command.reject) reviews.push_back({asset, command.reviewer, false, command.notes, now});
    const auto known = node_.reader.reviews(command.run);
    if (!known) return answer(known.error());
    auto request = std::make_shared<CommandRequest>();
    request->command = ReviewAssets{reviews};
    for (const ReviewRow& review : *known)
      request->known.push_back({review.asset, review.reviewer, review.approved, review.notes, review.decided_at});
    request->run = command.run;
    request->actor = caller.name;
    if (command.idempotency)
      request->idempotency =
          kept_row(*command.idempotency, render({row.id, row.job_id, row.run, row.status, {}, reviews}));
    request->reply = [answer, reviews](Result<JobChange> change) {
      if (change) change->reviews = reviews;
      answer(std::move(change));
    };
    caf::anon_send(actors_.supervisor, CommandJobMessage{row.id, request});
  });
}

}  // namespace troupe
