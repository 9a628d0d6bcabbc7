// Answers on their way from any thread to the event loop of their connection.
//
//   actor thread ──put──► [deliveries] ──one wake-up a burst──► loop thread ──► Connection::deliver
//
// Waking a loop costs a system call, so only the put that finds the box empty does it. A mailbox outlives its loop for
// as long as a responder or stream holds it: once closed, what is put into it is given up.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "ingress/http.hpp"

namespace troupe::ingress {

class Connection;
class ChunkedStream;

/// read_body() was called.
struct BodyWanted {
  std::shared_ptr<BodySink> sink;
};
/// read_on() was called.
struct BodyRoom {};
/// The responder was dropped without an answer.
struct Unanswered {};
/// start_stream() was called.
struct StreamStart {
  Response head;
  std::shared_ptr<ChunkedStream> stream;
};
/// A stream has pieces waiting, or its end.
struct StreamReady {};
/// on_close() was set on a stream that is already over.
struct StreamOver {
  std::shared_ptr<ChunkedStream> stream;
};
/// after() was called.
struct Delay {
  Millis delay;
  std::function<void()> function;
};
/// The next bytes of a blob have been read.
struct Piece {
  Result<std::string> bytes;
};

using Payload =
    std::variant<Response, Unanswered, BodyWanted, BodyRoom, StreamStart, StreamReady, StreamOver, Delay, Piece>;

struct Delivery {
  std::weak_ptr<Connection> to;
  std::uint64_t exchange;  ///< which request of the connection it is for
  Payload payload;
};

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(io) {}

  /// From any thread.
  void put(Delivery delivery);

  /// The calling thread is the loop's from now on.
  void belongs_to_this_thread() { loop_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  bool is_on_loop() const { return loop_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  /// The loop takes no more: gives up what is waiting and what comes later.
  void close();

 private:
  void hand_out();

  boost::asio::io_context& io_;  ///< not touched once closed
  std::atomic<std::thread::id> loop_thread_{};
  std::mutex mutex_;
  std::vector<Delivery> waiting_;
  std::vector<Delivery> in_hand_;  ///< keeps its memory between bursts; loop thread only
  bool closed_ = false;
};

}  // namespace troupe::ingress
