#include "cli/event_stream.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace troupe::cli {
namespace {

/// Whatever the server says: a stream that ends at once must not become a busy loop.
constexpr Millis kLeastWait{50};

}  // namespace

EventStream::EventStream(ApiClient& api, std::string target, EventStreamOptions options)
    : api_(api), target_(std::move(target)), options_(options) {}

ApiAnswer EventStream::follow(const std::function<bool(const ServerEvent&)>& take, const std::function<void()>& lost) {
  using Clock = std::chrono::steady_clock;
  bool connected_once = false;
  Millis wait = options_.first_wait;
  auto last_contact = Clock::now();
  while (true) {
    HeaderList headers = {{"Accept", "text/event-stream"}};
    if (!parser_.last_id().empty()) headers.emplace_back("Last-Event-ID", parser_.last_id());
    parser_.restart();
    bool stopped = false, heard = false;
    ApiAnswer answer = api_.stream(target_, std::move(headers), options_.silence, [&](std::string_view piece) {
      heard = true;
      stopped = !parser_.feed(piece, take);
      return !stopped;
    });
    if (stopped) return answer;
    // Overload passes; every other refusal is final.
    const bool refused = answer.status != 0 && !answer.ok() && answer.status != 503;
    if (refused || (answer.status == 0 && !heard && !connected_once)) return answer;
    if (heard || answer.ok()) {
      connected_once = true;
      last_contact = Clock::now();
      wait = options_.first_wait;
    } else if (Clock::now() - last_contact > options_.give_up) {
      return answer;
    }
    lost();
    std::this_thread::sleep_for(std::max(parser_.retry().value_or(wait), kLeastWait));
    wait = std::min(wait * 2, options_.longest_wait);
  }
}

}  // namespace troupe::cli
