#include "ingress/job_batch.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"
#include "ingress/job_body.hpp"
#include "ingress/json_writer.hpp"
#include "ingress/render.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

constexpr std::size_t kGroupItems = 128;  ///< parsed and submitted together
constexpr std::size_t kItemsInFlight = 1'024;
constexpr std::size_t kBytesInFlight = 4 << 20;
constexpr std::size_t kProblemBytes = 4 << 10;  ///< of one job; they are kept until the last job has its answer

/// Without its places where these would fill the memory.
Response problem_of(const Error& error, const std::string& request_id) {
  Response problem = render_problem(error, request_id);
  if (problem.body.size() <= kProblemBytes) return problem;
  return render_problem({error.code, error.message.substr(0, kProblemBytes / 8), error.retryable, {}}, request_id);
}

std::string answer_of(const Result<AcceptedJob>& answer, const Exchange& exchange) {
  JsonWriter json;
  json.begin_object();
  if (answer) {
    json.number("status", answer->repeated ? 200 : 202);
    json.raw("job", render_accepted(*answer, exchange.options.public_url));
  } else {
    const Response problem = problem_of(answer.error(), exchange.request.request_id);
    json.number("status", static_cast<std::uint64_t>(problem.status)).raw("error", problem.body);
  }
  json.end_object();
  return json.take();
}

}  // namespace

std::shared_ptr<JobBatch> JobBatch::begin(const ExchangePtr& exchange, ItemCutter::Form form) {
  std::shared_ptr<JobBatch> batch(new JobBatch(exchange, form));
  if (*batch->open_ > limits::kBatches) return nullptr;
  return batch;
}

JobBatch::JobBatch(const ExchangePtr& exchange, ItemCutter::Form form)
    : exchange_(exchange),
      form_(form),
      open_(exchange->batches.open()),
      cutter_(form, exchange->options.body_bytes, [this](ItemCutter::Item item) { add(std::move(item)); }) {
  ++*open_;
}

void JobBatch::take(std::string_view bytes) {
  if (over_) return;
  if (auto fed = cutter_.feed(bytes); !fed) return end(fed.error());
  if (items_ > limits::kBatchJobs)
    return end(Error{
        ErrorCode::payload_too_large, "A batch may have " + std::to_string(limits::kBatchJobs) + " jobs.", false, {}});
  send_group();  // what has come whole does not wait for the rest
}

bool JobBatch::has_room() const {
  const std::lock_guard lock(mutex_);
  return room();
}

bool JobBatch::room() const { return items_in_flight_ < kItemsInFlight && bytes_in_flight_ < kBytesInFlight; }

void JobBatch::complete() {
  if (over_) return;
  const auto finished = cutter_.finish();
  end(finished ? std::optional<Error>() : finished.error());
}

void JobBatch::fail(const Error& error) {
  if (!over_) end(error);
}

void JobBatch::add(ItemCutter::Item item) {
  if (++items_ > limits::kBatchJobs) return;
  next_->bytes += item.text.size();
  next_->items.push_back(std::move(item));
  if (next_->items.size() == kGroupItems) send_group();
}

void JobBatch::send_group() {
  if (next_->items.empty()) return;
  GroupPtr group = std::exchange(next_, std::make_shared<Group>());
  {
    const std::lock_guard lock(mutex_);
    groups_.push_back(group);
    items_in_flight_ += group->items.size();
    bytes_in_flight_ += group->bytes;
  }
  exchange_->batches.submit(
      [self = shared_from_this(), group](const BatchLane::Answered& done) { self->submit(group, done); });
}

Result<SubmitJob> JobBatch::read(const ItemCutter::Item& item) const {
  if (item.too_large)
    return {ErrorCode::payload_too_large,
            "A job may have " + std::to_string(exchange_->options.body_bytes) + " bytes."};
  auto body = parse_json(item.text);
  if (!body) return std::move(body).error();
  auto job = read_job(*body, exchange_->caller);
  if (job) job->patient = true;
  if (job && !job->job_id.empty()) job->request = sha256(canonical_job(*std::move(body)));
  return job;
}

void JobBatch::submit(const GroupPtr& group, const BatchLane::Answered& done) {
  std::vector<SubmitJob> jobs;
  auto answers = std::make_shared<std::vector<Result<AcceptedJob>>>();
  auto submitted = std::make_shared<std::vector<std::size_t>>();  // where the jobs' answers belong
  for (std::size_t i = 0; i < group->items.size(); ++i) {
    auto job = read(group->items[i]);
    answers->push_back(job ? Result<AcceptedJob>(AcceptedJob{}) : Result<AcceptedJob>(job.error()));
    if (!job) continue;
    jobs.push_back(*std::move(job));
    submitted->push_back(i);
  }
  group->items.clear();
  exchange_->gateway.submit(
      exchange_->caller, std::move(jobs), {},
      [self = shared_from_this(), group, answers, submitted, done](std::vector<Result<AcceptedJob>> results) {
        done();
        for (std::size_t i = 0; i < results.size(); ++i) (*answers)[(*submitted)[i]] = std::move(results[i]);
        self->answered(group, *answers);
      });
}

void JobBatch::answered(const GroupPtr& group, const std::vector<Result<AcceptedJob>>& answers) {
  Counts counts;
  std::string text;
  for (const auto& answer : answers) {
    ++(!answer ? counts.refused : answer->repeated ? counts.repeated : counts.accepted);
    text += answer_of(answer, *exchange_);
    text += form_ == ItemCutter::Form::lines ? '\n' : ',';
  }
  bool has_room_again = false;
  {
    const std::lock_guard lock(mutex_);
    const bool had_room = room();
    group->answers = std::move(text);
    counts_.accepted += counts.accepted;
    counts_.repeated += counts.repeated;
    counts_.refused += counts.refused;
    items_in_flight_ -= answers.size();
    bytes_in_flight_ -= group->bytes;
    has_room_again = !had_room && room();
  }
  if (has_room_again) exchange_->responder->read_on();
  respond_if_done();
}

void JobBatch::end(std::optional<Error> fault) {
  over_ = true;
  send_group();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    fault_ = std::move(fault);
  }
  respond_if_done();
}

void JobBatch::respond_if_done() {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_ || items_in_flight_ > 0 || std::exchange(responded_, true)) return;
  }
  exchange_->respond(render());
}

// Nothing changes any more: no lock.
Response JobBatch::render() const {
  std::string answers;
  for (const GroupPtr& group : groups_) answers += group->answers;
  const bool lines = form_ == ItemCutter::Form::lines;
  if (lines && !fault_)
    return {200, {{"Content-Type", "application/x-ndjson"}, {"Cache-Control", "no-store"}}, std::move(answers), {}};

  if (lines) std::replace(answers.begin(), answers.end(), '\n', ',');
  if (!answers.empty()) answers.pop_back();
  const std::string items = "\"items\":[" + answers + "]}";
  if (fault_) {  // the problem of the whole, and what became of the jobs before it
    Response problem = render_problem(*fault_, exchange_->request.request_id);
    problem.body.back() = ',';
    problem.body += items;
    return problem;
  }
  JsonWriter json;
  json.begin_object().number("accepted", counts_.accepted).number("repeated", counts_.repeated);
  std::string body = json.number("refused", counts_.refused).end_object().take();
  body.back() = ',';
  body += items;
  return {200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, std::move(body), {}};
}

}  // namespace troupe::ingress
