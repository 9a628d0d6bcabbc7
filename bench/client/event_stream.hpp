// The one stream (`GET /v1/events`) on which the ends of all jobs of a workflow are told.
#pragma once

#include "bench/event_parser.hpp"
#include "bench/run_end.hpp"
#include "bench/socket.hpp"

namespace troupe::bench {

class EventStream {
 public:
  /// Returns when the server has begun to answer, so that nothing that is submitted afterwards is missed.
  EventStream(const std::string& host, std::uint16_t port, const std::string& workflow,
              std::function<void(const RunEnd&)> on_end);

  int fd() const { return socket_.fd(); }
  /// To be called when bytes have arrived. Ends the program when the server has cut the stream: the ends of the jobs
  /// under way would never be heard of.
  void receive();
  /// Events of all kinds so far.
  std::size_t events() const { return events_; }

 private:
  void await_head();

  Socket socket_;
  std::size_t events_ = 0;
  EventParser parser_;
  std::string input_;
};

}  // namespace troupe::bench
