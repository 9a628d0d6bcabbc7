// A running server on a free port of the loopback interface, with whatever handler a test gives.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "ingress/raw_client.hpp"
#include "ingress/server.hpp"

namespace troupe::ingress {

using namespace std::chrono_literals;

/// The least request there is.
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

inline Response text(std::string body, int status = 200) {
  return {status, {{"Content-Type", "text/plain"}}, std::move(body), {}};
}

/// Waits for what another thread will make true; false if it does not within ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A thread that stands for the actors: runs what it is given, in order.
class OtherThread {
 public:
  OtherThread() : thread_([this] { run(); }) {}
  ~OtherThread() {
    post(nullptr);
    thread_.join();
  }
  void post(std::function<void()> task) {
    {
      std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

/// Requests whose answers the test has yet to give.
class Held {
 public:
  void add(std::shared_ptr<Responder> responder) {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(responder));
  }
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }
  bool wait_for(std::size_t count) {
    return eventually([&] { return this->count() >= count; });
  }
  Responder& at(std::size_t index) {
    std::lock_guard lock(mutex_);
    return *held_.at(index);
  }
  void drop_all() {
    std::lock_guard lock(mutex_);
    held_.clear();
  }

 private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<Responder>> held_;
};

class ServerTest : public testing::Test {
 protected:
  void serve(Handler handler) {
    options_.host = "127.0.0.1";
    options_.port = 0;
    auto listening =
        Server::listen(options_, std::move(handler), [](const Error& error, const std::string& request_id) {
          return text(std::string(code_text(error.code)) + ' ' + request_id + ' ' + error.message,
                      status_of(error.code));
        });
    ASSERT_TRUE(listening) << listening.error().message;
    server_ = std::move(*listening);
    server_->start();
  }
  /// Answers at once with what it was asked: `METHOD path?query body`.
  void serve_echo() {
    serve([](Request request, std::shared_ptr<Responder> responder) {
      responder->respond(text(request.method + ' ' + request.path + '?' + request.query + ' ' + request.body));
    });
  }
  RawClient client(int receive_buffer = 0) { return RawClient(server_->port(), receive_buffer); }
  RawResponse get(std::string_view target) { return client().get(target); }

  static int status_of(ErrorCode code) {
    switch (code) {
      case ErrorCode::malformed_request: return 400;
      case ErrorCode::request_timeout: return 408;
      case ErrorCode::payload_too_large: return 413;
      case ErrorCode::header_too_large: return 431;
      case ErrorCode::overloaded: return 503;
      default: return 500;
    }
  }

  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace troupe::ingress
