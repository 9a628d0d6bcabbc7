#include "executor/http/http_executor.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "executor/http/http_config.hpp"
#include "executor/http/http_outcome.hpp"
#include "executor/http/traceparent.hpp"
#include "troupe/base/assert.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {

struct HttpExecutor::Call {
  HttpConfig config;
  std::shared_ptr<TaskSink> sink;
  Millis started{};
  HttpClient::CallId id = 0;  ///< 0: send() has not returned yet
  bool stop_asked = false;
};

struct HttpExecutor::Calls {
  std::mutex mutex;
  std::map<TaskKey, std::shared_ptr<Call>> by_key;
};

namespace {

constexpr Millis kTimeoutDefault{30'000};  // of a task without a deadline

std::string idempotency_key(const Task& task) {
  std::string key = to_string(task.key.run) + "/" + task.step + "/" + std::to_string(task.key.item);
  return task.key.compensation ? key + "/undo" : key;
}

Result<Millis> time_left(const HttpConfig& config, const Task& task, Clock& clock) {
  if (task.deadline == kNever) return config.timeout.value_or(kTimeoutDefault);
  const Millis left = task.deadline - clock.now();
  if (left <= Millis(0)) return Error{ErrorCode::step_timeout, "the step's time was over before the call", true, {}};
  return std::min(config.timeout.value_or(left), left);
}

HttpRequest make_request(const HttpConfig& config, const Task& task, Millis timeout, Random& random) {
  HttpRequest request;
  request.method = config.method;
  request.url = config.url;
  request.headers = config.headers;
  request.body = config.body;
  request.timeout = timeout;
  request.response_bytes_max = limits::kOutputBytes;
  request.follow_redirects = !config.expect.overlaps(300, 399);
  if (!config.has_header("idempotency-key")) request.headers.emplace_back("Idempotency-Key", idempotency_key(task));
  if (!config.has_header("traceparent"))
    if (auto trace = child_traceparent(task.traceparent, random)) request.headers.emplace_back("traceparent", *trace);
  return request;
}

}  // namespace

HttpExecutor::HttpExecutor(HttpClient& client, Clock& clock, Random& random)
    : client_(client), clock_(clock), random_(random), calls_(std::make_shared<Calls>()) {}

HttpExecutor::~HttpExecutor() {
  std::vector<HttpClient::CallId> ids;
  {
    std::lock_guard lock(calls_->mutex);
    for (const auto& [key, call] : calls_->by_key) ids.push_back(call->id);
  }
  for (const HttpClient::CallId id : ids) client_.cancel(id);
}

void HttpExecutor::start(Task task, std::shared_ptr<TaskSink> sink) {
  auto config = read_http_config(task.config);
  if (!config) return sink->done({config.error(), {}});
  const auto timeout = time_left(*config, task, clock_);
  if (!timeout) return sink->done({timeout.error(), {}});
  HttpRequest request = make_request(*config, task, *timeout, random_);

  auto call = std::make_shared<Call>(Call{std::move(*config), std::move(sink), clock_.monotonic()});
  {
    std::lock_guard lock(calls_->mutex);
    const bool fresh = calls_->by_key.emplace(task.key, call).second;
    TROUPE_ASSERT(fresh, "a task is started once");
  }
  const auto id = client_.send(std::move(request), [calls = calls_, call, key = task.key, &clock = clock_](auto result) {
    {
      std::lock_guard lock(calls->mutex);
      calls->by_key.erase(key);
    }
    std::string log = http_log(call->config, result, clock.monotonic() - call->started);
    call->sink->log("log", log);
    auto outputs = result ? http_outputs(call->config, *result) : Result<TaskOutputs>(result.error());
    call->sink->done({std::move(outputs), std::move(log)});
  });
  bool stop_asked = false;
  {
    std::lock_guard lock(calls_->mutex);
    call->id = id;
    stop_asked = call->stop_asked;
  }
  if (stop_asked) client_.cancel(id);
}

void HttpExecutor::stop(const TaskKey& key) {
  HttpClient::CallId id = 0;
  {
    std::lock_guard lock(calls_->mutex);
    const auto found = calls_->by_key.find(key);
    if (found == calls_->by_key.end()) return;
    found->second->stop_asked = true;
    id = found->second->id;
  }
  if (id != 0) client_.cancel(id);
}

}  // namespace troupe
