#include "net/curl_http_client.hpp"

#include <curl/curl.h>
#include <pthread.h>

#include <csignal>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "net/transfer.hpp"
#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

constexpr int kPollMillisMax = 60'000;  // curl's own timers and wakeups end the wait earlier
constexpr std::size_t kIdleHandlesMax = 256;

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] { TROUPE_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl starts"); });
}

// OpenSSL writes to sockets without MSG_NOSIGNAL.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

class CurlHttpClient::Loop {
 public:
  Loop(HttpClientOptions options, EgressPolicy policy);
  ~Loop();

  CallId send(HttpRequest request, Reply reply);
  void cancel(CallId call);

 private:
  struct Start {
    CallId id;
    HttpRequest request;
    Reply reply;
  };
  struct Inbox {
    std::vector<Start> starts;
    std::vector<CallId> cancels;
    bool closing = false;
  };

  void run();
  Inbox take_inbox();
  void begin(Start start);
  void begin_hop(CallId id);
  void reap();
  void finish(CallId id, Result<HttpResponse> result);
  void cancel_all();
  CURL* take_handle();
  void give_back(CURL* handle);
  void wake();

  const HttpClientOptions options_;
  const EgressPolicy policy_;
  CURLM* multi_;

  std::mutex mutex_;
  Inbox inbox_;
  CallId last_id_ = 0;

  // owned by the thread
  std::map<CallId, std::unique_ptr<Transfer>> transfers_;
  std::vector<CURL*> idle_handles_;

  std::thread thread_;
};

CurlHttpClient::Loop::Loop(HttpClientOptions options, EgressPolicy policy)
    : options_(std::move(options)), policy_(std::move(policy)) {
  initialise_curl();
  multi_ = curl_multi_init();
  TROUPE_ASSERT(multi_ != nullptr, "libcurl gives a multi handle");
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.connections_max);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_host_max);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.connections_max);
  thread_ = std::thread([this] { run(); });
}

CurlHttpClient::Loop::~Loop() {
  {
    std::lock_guard lock(mutex_);
    inbox_.closing = true;
  }
  curl_multi_wakeup(multi_);
  thread_.join();
  for (CURL* handle : idle_handles_) curl_easy_cleanup(handle);
  curl_multi_cleanup(multi_);
}

HttpClient::CallId CurlHttpClient::Loop::send(HttpRequest request, Reply reply) {
  CallId id = 0;
  {
    std::lock_guard lock(mutex_);
    id = ++last_id_;
    inbox_.starts.push_back({id, std::move(request), std::move(reply)});
  }
  wake();
  return id;
}

void CurlHttpClient::Loop::cancel(CallId call) {
  {
    std::lock_guard lock(mutex_);
    inbox_.cancels.push_back(call);
  }
  wake();
}

// From within a reply there is no wait to be ended: the inbox is looked at before the next one.
void CurlHttpClient::Loop::wake() {
  if (std::this_thread::get_id() != thread_.get_id()) curl_multi_wakeup(multi_);
}

CurlHttpClient::Loop::Inbox CurlHttpClient::Loop::take_inbox() {
  std::lock_guard lock(mutex_);
  Inbox taken = std::move(inbox_);
  inbox_ = Inbox{{}, {}, taken.closing};
  return taken;
}

void CurlHttpClient::Loop::run() {
  block_sigpipe();
  while (true) {
    Inbox inbox = take_inbox();
    for (Start& start : inbox.starts) begin(std::move(start));
    for (CallId id : inbox.cancels) finish(id, Error{ErrorCode::cancelled, "the call was cancelled", false, {}});
    if (inbox.closing) break;

    int running = 0;
    curl_multi_perform(multi_, &running);
    reap();
    const bool more = [this] {
      std::lock_guard lock(mutex_);
      return !inbox_.starts.empty() || !inbox_.cancels.empty() || inbox_.closing;
    }();
    if (!more) curl_multi_poll(multi_, nullptr, 0, kPollMillisMax, nullptr);
  }
  cancel_all();
}

void CurlHttpClient::Loop::begin(Start start) {
  auto transfer = std::make_unique<Transfer>(start.id, std::move(start.request), std::move(start.reply), options_, policy_);
  transfers_.emplace(start.id, std::move(transfer));
  begin_hop(start.id);
}

void CurlHttpClient::Loop::begin_hop(CallId id) {
  Transfer& transfer = *transfers_.at(id);
  transfer.handle = take_handle();
  if (auto prepared = transfer.prepare(); !prepared) return finish(id, prepared.error());
  curl_multi_add_handle(multi_, transfer.handle);
}

void CurlHttpClient::Loop::reap() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    auto result = transfer->on_hop_done(code);
    if (result) {
      finish(transfer->id(), std::move(*result));
    } else {
      give_back(std::exchange(transfer->handle, nullptr));
      begin_hop(transfer->id());
    }
  }
}

void CurlHttpClient::Loop::finish(CallId id, Result<HttpResponse> result) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;  // a cancel that came too late
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  transfers_.erase(found);
  give_back(std::exchange(transfer->handle, nullptr));
  transfer->reply()(std::move(result));
}

// A reply may send again; that call is cancelled as well.
void CurlHttpClient::Loop::cancel_all() {
  while (true) {
    for (Start& start : take_inbox().starts)
      start.reply(Error{ErrorCode::cancelled, "the HTTP client is shutting down", false, {}});
    if (transfers_.empty()) break;
    finish(transfers_.begin()->first, Error{ErrorCode::cancelled, "the HTTP client is shutting down", false, {}});
  }
}

CURL* CurlHttpClient::Loop::take_handle() {
  if (!idle_handles_.empty()) {
    CURL* handle = idle_handles_.back();
    idle_handles_.pop_back();
    return handle;
  }
  CURL* handle = curl_easy_init();
  TROUPE_ASSERT(handle != nullptr, "libcurl gives an easy handle");
  return handle;
}

void CurlHttpClient::Loop::give_back(CURL* handle) {
  curl_multi_remove_handle(multi_, handle);
  if (idle_handles_.size() >= kIdleHandlesMax) return curl_easy_cleanup(handle);
  curl_easy_reset(handle);
  idle_handles_.push_back(handle);
}

CurlHttpClient::CurlHttpClient(HttpClientOptions options, EgressPolicy policy)
    : loop_(std::make_unique<Loop>(std::move(options), std::move(policy))) {}
CurlHttpClient::~CurlHttpClient() = default;

HttpClient::CallId CurlHttpClient::send(HttpRequest request, Reply reply) {
  return loop_->send(std::move(request), std::move(reply));
}
void CurlHttpClient::cancel(CallId call) { loop_->cancel(call); }

}  // namespace troupe
