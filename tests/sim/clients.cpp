#include "sim/clients.hpp"

#include "codec/json.hpp"
#include "crypto/hash.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

constexpr int kPostsMax = 1'000;

Caller caller_of(const Request& request) {
  Caller caller;
  caller.name = request.mark();
  caller.request_id = request.mark();
  return caller;
}

const char* verb_of(Ask ask) {
  switch (ask) {
    case Ask::cancel: return " cancels ";
    case Ask::retry: return " retries ";
    case Ask::signal: return " signals ";
    case Ask::resolve: return " decides about a doubt of ";
    default: return " reviews images of ";
  }
}

KeptAnswer render_accepted(const AcceptedJob& job) { return {202, to_string(job.id)}; }

}  // namespace

// --- jobs ----------------------------------------------------------------------------------------------------------

SubmitJob Clients::draw_job() {
  SubmitJob job;
  job.client_id = "client-" + std::to_string(dice_.number(4));
  job.workflow_key = dice_.chance(1) ? "unknown" : workflow_key(dice_.number(kWorkflows));
  job.priority = static_cast<std::uint8_t>(1 + dice_.number(10));
  job.patient = dice_.chance(20);
  if (const std::uint32_t newest = world_.jobs().newest_version(job.workflow_key); newest > 0 && dice_.chance(10))
    job.workflow_version = static_cast<std::uint32_t>(1 + dice_.number(newest));
  if (dice_.chance(10)) job.timeout = dice_.between(Millis(1'000), Millis(120'000));
  job.inputs = draw_inputs();
  job.request = sha256(job.workflow_key, job.inputs.view());
  return job;
}

Document Clients::draw_inputs() {
  Json inputs = {{"n", ++inputs_drawn_}, {"yes", true}, {"no", false}, {"wait", draw_wait(dice_)}};
  inputs["list"] = Json::array();
  for (std::size_t items = dice_.chance(2) ? 70 : dice_.number(4); items > 0; --items) inputs["list"].push_back(items);
  if (dice_.chance(90)) inputs["region"] = dice_.chance(50) ? "north" : "south";
  return to_document(inputs);
}

WishPtr Clients::make_wish() {
  if (!named_.empty() && dice_.chance(8)) return dice_.one_of(named_);  // the same again
  auto wish = std::make_shared<Wish>();
  wish->number = ++wishes_made_;
  wish->job = draw_job();
  if (dice_.chance(25)) wish->job.job_id = "job-" + std::to_string(wish->number);
  if (dice_.chance(15)) wish->job.idempotency = IdempotencyKey{fresh_key().scope, wish->job.request};
  if (!named_.empty() && dice_.chance(4)) {  // another body under a name that is taken
    const SubmitJob& taken = dice_.one_of(named_)->job;
    wish->job.client_id = taken.client_id;
    wish->job.job_id = taken.job_id;
    if (taken.idempotency && dice_.chance(50)) wish->job.idempotency = {taken.idempotency->scope, wish->job.request};
  }
  if (wish->can_be_repeated()) named_.push_back(wish);
  return wish;
}

WishPtr Clients::make_probe() {
  auto wish = std::make_shared<Wish>();
  wish->number = ++wishes_made_;
  wish->job.workflow_key = "probe";
  wish->job.inputs = Document("{}");
  return wish;
}

IdempotencyKey Clients::fresh_key() {
  const std::string text = std::to_string(dice_.next());
  return {sha256(text), sha256(text, "body")};
}

void Clients::post(const std::vector<WishPtr>& wishes) {
  Host* node = world_.node();
  if (node == nullptr) {
    for (const WishPtr& wish : wishes) post_again(wish);
    return;
  }
  std::vector<RequestPtr> requests;
  std::vector<SubmitJob> jobs;
  for (const WishPtr& wish : wishes) {
    ++wish->posts;
    const RequestPtr request = make_request(Ask::submit, node->life());
    request->wish = wish;
    request->lost = [this, wish] { post_again(wish); };
    request->limits = std::make_shared<RateLimitStates>();
    jobs.push_back(wish->job);
    jobs.back().user_id = request->mark();
    jobs.back().limits = request->limits;
    requests.push_back(request);
    world_.trace(request->mark(), " wants ", wish->job.workflow_key, " job_id ", wish->job.job_id,
                 wish->job.idempotency ? " with a key" : "");
    world_.tell([&](Checker& checker) { checker.asked(*request); });
  }
  node->gateway().submit(caller_of(*requests.front()), std::move(jobs), render_accepted,
                         [this, requests](std::vector<Result<AcceptedJob>> results) {
                           for (std::size_t i = 0; i < requests.size(); ++i) {
                             if (!is_heard(requests[i])) return;
                             const auto& result = results.at(i);
                             world_.trace(requests[i]->mark(), " is told ",
                                          result ? (result->repeated ? "repeated"
                                                    : result->kept   ? "kept"
                                                                     : "accepted")
                                                 : code_text(result.error().code));
                             world_.tell([&](Checker& checker) { checker.accepted(*requests[i], result); });
                             answered(requests[i]->wish, result);
                           }
                         });
}

void Clients::answered(const WishPtr& wish, const Result<AcceptedJob>& result) {
  if (result || !result.error().retryable) {
    wish->answered = true;
  } else {
    post_again(wish, result.error().retry_after);
  }
}

/// Who is told when to come again knows that nothing came of it, and may, without a name for what it wants.
void Clients::post_again(const WishPtr& wish, std::optional<Millis> wait) {
  if (wish->answered || (!wish->can_be_repeated() && !wait)) return;
  if (wish->posts > kPostsMax) return world_.violated("who comes again and again is let in", wish->job.workflow_key);
  ++wishes_open_;
  const Millis pause = wait && dice_.chance(50) ? Millis(0) : dice_.between(Millis(20), Millis(3'000));
  world_.after(wait.value_or(Millis(0)) + pause, [this, wish] {
    --wishes_open_;
    if (!wish->answered) post({wish});
  });
}

// --- other requests ------------------------------------------------------------------------------------------------

RequestPtr Clients::make_request(Ask ask, const LifePtr& life) {
  auto request = std::make_shared<Request>();
  request->number = ++requests_;
  request->ask = ask;
  request->life = life;
  request->at = world_.now();
  open_[request->number] = request;
  return request;
}

bool Clients::is_heard(const RequestPtr& request) {
  if (request->life->dead) return false;
  ++request->answers;
  if (request->answers > 1) world_.violated("a request is answered once", request->mark());
  open_.erase(request->number);
  return true;
}

void Clients::ask_change(Ask ask, const JobId& job, const Particulars& with, const Send<JobChange>& send) {
  Host* node = world_.node();
  if (node == nullptr) return;
  const RequestPtr request = make_request(ask, node->life());
  request->job = job;
  if (with.key) request->key = with.key->scope;
  request->review = with.review;
  request->retry = with.retry;
  if (with.retry) request->limits = std::make_shared<RateLimitStates>();
  request->seq_then = world_.jobs().find(job)->row.last_seq;
  world_.trace(request->mark(), verb_of(ask), job);
  if (const auto& review = with.review)
    world_.trace(request->mark(), " is ", review->reviewer, ", who approves ", review->approve.size(), " and rejects ",
                 review->reject.size(), " images");
  if (const auto& retry = with.retry)
    world_.trace(request->mark(), " is from ", retry->from_step.value_or("the start"), " of version ",
                 retry->workflow_version, " with ", retry->inputs.present() ? retry->inputs.view() : "the same inputs");
  world_.tell([&](Checker& checker) { checker.asked(*request); });
  send(node->gateway(), *request, caller_of(*request), [this, request](const Result<JobChange>& result) {
    if (!is_heard(request)) return;
    world_.trace(request->mark(), " is told ",
                 result ? (result->kept ? "kept" : "done") : code_text(result.error().code));
    world_.tell([&](Checker& checker) { checker.changed(*request, result); });
  });
}

void Clients::ask_view(Ask ask, const JobId& job, const Send<JobView>& send) {
  Host* node = world_.node();
  if (node == nullptr) return;
  const RequestPtr request = make_request(ask, node->life());
  request->job = job;
  request->seq_then = world_.jobs().find(job)->row.last_seq;
  world_.trace(request->mark(), ask == Ask::wait ? " waits for " : " reads ", job);
  send(node->gateway(), *request, caller_of(*request), [this, request](const Result<JobView>& result) {
    if (!is_heard(request)) return;
    world_.trace(request->mark(), " is shown ",
                 result ? status_text(result->row.status) : code_text(result.error().code));
    world_.tell([&](Checker& checker) { checker.shown(*request, result); });
  });
}

void Clients::ask_other(const std::function<void(Gateway&, const Caller&, std::function<void()>)>& send) {
  Host* node = world_.node();
  if (node == nullptr) return;
  const RequestPtr request = make_request(Ask::other, node->life());
  send(node->gateway(), caller_of(*request), [this, request] {
    if (is_heard(request)) world_.trace(request->mark(), " is answered");
  });
}

std::optional<JobId> Clients::some_job() {
  const auto& ids = world_.jobs().ids();
  if (ids.empty()) return std::nullopt;
  // The younger, the likelier: most of them have not ended.
  const std::size_t from_end =
      dice_.chance(70) ? dice_.number(std::min<std::size_t>(ids.size(), 30)) : dice_.number(ids.size());
  return ids[ids.size() - 1 - from_end];
}

std::string Clients::owed_by(const Life& life, Timestamp until) const {
  std::string text;
  for (const auto& [number, request] : open_)
    if (request->life->number == life.number && request->at <= until) text += request->mark() + " ";
  return text;
}

void Clients::node_gone(const Life& life) {
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->second->life->number != life.number) {
      ++it;
      continue;
    }
    const RequestPtr request = it->second;
    it = open_.erase(it);
    if (request->lost) request->lost();
  }
}

std::string Clients::what_is_open() const {
  std::string text;
  for (const auto& [number, request] : open_) text += request->mark() + " ";
  if (wishes_open_ > 0) text += std::to_string(wishes_open_) + " wishes that are posted again";
  return text;
}

}  // namespace troupe::sim
