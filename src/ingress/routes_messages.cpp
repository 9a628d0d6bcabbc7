// What people tell a run: signals, and decisions about its images and its attempts in doubt.
#include <algorithm>

#include "ingress/exchange.hpp"
#include "ingress/fields.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe::ingress {
namespace {

constexpr std::size_t kReviewerBytes = 128;

Reply<JobChange> answer_with(const ExchangePtr& exchange, int status,
                             std::function<std::string(const JobChange&)> render) {
  return [=](Result<JobChange> change) {
    if (!succeeded(exchange, change)) return;
    if (change->kept) return exchange->replay(*change->kept);
    exchange->json(status, render(*change));
  };
}

RenderChange keep_with(int status, std::function<std::string(const JobChange&)> render) {
  return [=](const JobChange& change) { return KeptAnswer{status, render(change)}; };
}

/// Gives the run what was read, once for each Idempotency-Key.
template <class Message>
void tell_run(const ExchangePtr& exchange, Message message, std::string_view taken,
              void (Gateway::*tell)(const Caller&, Message, RenderChange, Reply<JobChange>)) {
  auto key = exchange->idempotency("", exchange->payload());
  if (!key) return exchange->fail(key.error());
  message.idempotency = *key;
  const auto render = [taken, base = exchange->options.public_url](const JobChange& change) {
    return render_change(change, taken, base);
  };
  (exchange->gateway.*tell)(exchange->caller, std::move(message), keep_with(202, render),
                            answer_with(exchange, 202, render));
}

void send_signal(const ExchangePtr& exchange) {
  const auto run = exchange->id<RunId>();
  if (!run) return exchange->fail(run.error());
  SendSignal command;
  command.run = *run;
  command.name = exchange->path.at(1);
  if (!is_signal_name(command.name))
    return exchange->fail(ErrorCode::invalid_id, "a signal's name is 1 to 64 of A-Z a-z 0-9 . _ : -");
  if (!exchange->body.is_null()) {
    Fields fields(exchange->body);
    if (const Json* payload = fields.any("payload")) command.payload = to_document(*payload);
    fields.reject_others();
    if (const auto error = fields.error()) return exchange->fail(*error);
  }
  tell_run(exchange, std::move(command), "The signal is stored.", &Gateway::signal);
}

std::vector<AssetId> read_images(Fields& fields, const char* member) {
  std::vector<AssetId> images;
  const Json* list = fields.any(member);
  if (list == nullptr) return images;
  if (!list->is_array()) {
    fields.fault(member, "must be a list of image ids");
    return images;
  }
  if (list->size() > limits::kApprovalAssets)
    fields.fault(member, "has more than " + std::to_string(limits::kApprovalAssets) + " images");
  for (std::size_t i = 0; i < list->size() && i < limits::kApprovalAssets; ++i) {
    const Json& written = (*list)[i];
    const auto id = written.is_string() ? parse_id<AssetId>(written.get_ref<const std::string&>()) : std::nullopt;
    const std::string pointer = "/" + std::string(member) + "/" + std::to_string(i);
    if (!id)
      fields.fault_at(pointer, "must be the UUID of an image");
    else if (std::find(images.begin(), images.end(), *id) != images.end())
      fields.fault_at(pointer, "is in the list twice");
    else
      images.push_back(*id);
  }
  return images;
}

/// `reviewer` and `notes`, which all decisions have.
void read_reviewer(Fields& fields, ReviewImages& command) {
  fields.require("reviewer");
  command.reviewer = fields.name("reviewer", kReviewerBytes).value_or("");
  command.notes = fields.text("notes", limits::kNotesChars).value_or("");
}

void give_review(const ExchangePtr& exchange, ReviewImages command) {
  auto key = exchange->idempotency("", exchange->payload());
  if (!key) return exchange->fail(key.error());
  command.idempotency = *key;
  exchange->gateway.review(exchange->caller, std::move(command), keep_with(200, render_reviews),
                           answer_with(exchange, 200, render_reviews));
}

void review_run(const ExchangePtr& exchange) {
  const auto run = exchange->id<RunId>();
  if (!run) return exchange->fail(run.error());
  ReviewImages command;
  command.run = *run;
  Fields fields(exchange->body);
  read_reviewer(fields, command);
  command.approve = read_images(fields, "approve");
  command.reject = read_images(fields, "reject");
  for (std::size_t i = 0; i < command.reject.size(); ++i)
    if (std::find(command.approve.begin(), command.approve.end(), command.reject[i]) != command.approve.end())
      fields.fault_at("/reject/" + std::to_string(i), "is approved in the same request");
  if (command.approve.empty() && command.reject.empty()) fields.fault("approve", "is required, or else reject");
  fields.reject_others();
  if (const auto error = fields.error()) return exchange->fail(*error);
  give_review(exchange, std::move(command));
}

void review_image(const ExchangePtr& exchange, bool approve) {
  const auto run = exchange->id<RunId>();
  if (!run) return exchange->fail(run.error());
  const auto image = parse_id<AssetId>(exchange->path.at(1));
  if (!image) return exchange->fail(ErrorCode::invalid_id, "The image's id in the path is not a UUID.");
  ReviewImages command;
  command.run = *run;
  (approve ? command.approve : command.reject) = {*image};
  Fields fields(exchange->body);
  read_reviewer(fields, command);
  fields.reject_others();
  if (const auto error = fields.error()) return exchange->fail(*error);
  give_review(exchange, std::move(command));
}

void approve_image(const ExchangePtr& exchange) { review_image(exchange, true); }
void reject_image(const ExchangePtr& exchange) { review_image(exchange, false); }

ResolveDoubt read_resolution(Fields& fields) {
  ResolveDoubt decision;
  fields.require("decision");
  const std::string word = fields.text("decision", limits::kNameChars).value_or("done");
  if (const auto known = resolution_from_text(word))
    decision.resolution = *known;
  else
    fields.fault("decision", "must be done, repeat or failed");
  if (const auto item = fields.integer("item", 0, limits::kItems - 1)) decision.item = static_cast<ItemIndex>(*item);
  if (const Json* output = fields.any("output")) {
    decision.outputs = to_document(*output);
    if (decision.resolution != Resolution::done) fields.fault("output", "goes with the decision done only");
  }
  decision.comment = fields.text("comment", limits::kNotesChars).value_or("");
  fields.reject_others();
  return decision;
}

void resolve_attempt(const ExchangePtr& exchange) {
  const auto run = exchange->id<RunId>();
  if (!run) return exchange->fail(run.error());
  if (!is_step_name(exchange->path.at(1)))
    return exchange->fail(ErrorCode::invalid_id, "a step's name is 1 to 64 of A-Z a-z 0-9 _ -");
  ResolveAttempt command;
  command.run = *run;
  Fields fields(exchange->body);
  command.decision = read_resolution(fields);
  if (const auto error = fields.error()) return exchange->fail(*error);
  command.decision.step = exchange->path.at(1);
  tell_run(exchange, std::move(command), "The decision is stored.", &Gateway::resolve);
}

/// What all that is told to a run has in common; each adds its own.
Route message_route(std::string_view path, std::string_view id, std::string_view summary,
                    void (*handle)(const ExchangePtr&)) {
  return {.method = "POST",
          .path = path,
          .id = id,
          .tag = "Runs",
          .summary = summary,
          .role = Role::client,
          .handle = handle,
          .headers = {kIdempotencyHeader},
          .body = BodyKind::json,
          .errors = {ErrorCode::conflict, ErrorCode::idempotency_key_reused, ErrorCode::idempotency_key_in_flight}};
}

void add_errors(Route& route, std::initializer_list<ErrorCode> codes) {
  route.errors.insert(route.errors.begin(), codes);
}

Route signal_route() {
  Route route = message_route("/v1/runs/{id}/signals/{name}", "sendSignal", "Send a run a signal", send_signal);
  route.description =
      "A step of type `signal` that waits for this name goes on with the payload. A signal that comes before its step "
      "is kept: 64 of them at most. One that no step waits for, or will, is refused with the names that are waited "
      "for. The payload may have 32 KiB.";
  route.body = BodyKind::optional_json;
  route.body_schema = "SignalRequest";
  route.answers = {{202, "The signal is durable.", "JobChange"}};
  add_errors(route, {ErrorCode::job_finished, ErrorCode::no_signal_expected, ErrorCode::too_many_signals});
  return route;
}

Route resolve_route() {
  Route route = message_route("/v1/runs/{id}/steps/{step}/resolve", "resolveAttempt",
                              "Decide about an attempt in doubt", resolve_attempt);
  route.description =
      "Of a step with `idempotent: false`, or of its undoing, that had begun when its process died: `in_doubt` of the "
      "step lists them. `done`: it was done, and gave `output` (null if absent, 32 KiB at most). `repeat`: it is done "
      "again, as the same attempt. `failed`: it was not done and shall not be; it fails with `in_doubt` and is not "
      "retried. Decided once.";
  route.body_schema = "ResolveRequest";
  route.answers = {{202, "The decision is durable.", "JobChange"}};
  add_errors(route, {ErrorCode::job_finished});
  return route;
}

Route review_route() {
  Route route = message_route("/v1/runs/{id}/review", "reviewRun", "Decide about any of a run's images", review_run);
  route.description =
      "All decisions of one request count together: an `approval` step that asks for one image goes on with all that "
      "are approved here.";
  route.body_schema = "ReviewRequest";
  route.answers = {{200, "The decisions are stored.", "Reviews"}};
  add_errors(route, {ErrorCode::already_reviewed});
  return route;
}

Route decision_route(std::string_view path, std::string_view id, std::string_view summary,
                     void (*handle)(const ExchangePtr&)) {
  Route route = message_route(path, id, summary, handle);
  route.description =
      "Recorded once for each reviewer and image; durable when it is answered. It counts in every `approval` step of "
      "the run that asks for the image, also in one that begins later. The same decision again changes nothing, the "
      "opposite one is refused.";
  route.body_schema = "DecisionRequest";
  route.answers = {{200, "The decision is stored.", "Reviews"}};
  add_errors(route, {ErrorCode::already_reviewed});
  return route;
}

}  // namespace

std::vector<Route> message_routes() {
  return {signal_route(), resolve_route(), review_route(),
          decision_route("/v1/runs/{id}/images/{image_id}/approve", "approveImage", "Approve one image", approve_image),
          decision_route("/v1/runs/{id}/images/{image_id}/reject", "rejectImage", "Reject one image", reject_image)};
}

}  // namespace troupe::ingress
