#include "bench/event_stream.hpp"

#include <poll.h>

#include "bench/fault.hpp"

namespace troupe::bench {

EventStream::EventStream(const std::string& host, std::uint16_t port, const std::string& workflow,
                         std::function<void(const RunEnd&)> on_end)
    : socket_(host, port), parser_([this, on_end = std::move(on_end)](std::string_view data) {
        ++events_;
        if (const auto end = run_end_of(data)) on_end(*end);
      }) {
  socket_.send("GET /v1/events?kind=status&workflow_key=" + workflow + " HTTP/1.1\r\nHost: " + host +
               "\r\nAccept: text/event-stream\r\n\r\n");
  await_head();
}

void EventStream::await_head() {
  constexpr int kPatienceMs = 10'000;
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    pollfd wait{fd(), POLLIN, 0};
    if (poll(&wait, 1, kPatienceMs) != 1) stop_with("the event stream does not begin");
    if (!socket_.receive(input_)) stop_with("the server closed the event stream at its begin");
    end = input_.find("\r\n\r\n");
  }
  if (!input_.starts_with("HTTP/1.1 200 ")) stop_with("no event stream: " + input_);
  const std::string body = input_.substr(end + 4);
  parser_.feed(body);
}

void EventStream::receive() {
  input_.clear();
  const bool open = socket_.receive(input_);
  if (parser_.feed(input_) && open) return;
  stop_with("the server cut the event stream after " + std::to_string(events_) + " events");
}

}  // namespace troupe::bench
