// One thread of the server: an Asio loop with a listening socket of its own, the connections accepted on it, and the
// one timer that expires them. Loops share nothing but the ServerContext.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "ingress/controlled_delay.hpp"
#include "ingress/mailbox.hpp"
#include "ingress/response_head.hpp"
#include "ingress/roster.hpp"
#include "ingress/server_context.hpp"
#include "troupe/base/id.hpp"

namespace troupe::ingress {

using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

class EventLoop {
 public:
  explicit EventLoop(ServerContext& context);

  /// Port 0: any free one; `port()` tells. With `shared`, other loops may listen at the same place.
  Result<Done> listen(const boost::asio::ip::tcp::endpoint& endpoint, bool shared);
  std::uint16_t port() const { return port_; }

  void start();
  /// From any thread: no new connections; idle ones and streams end, others end after their answer.
  void begin_stop();
  /// Cuts what is left and returns when the thread has ended.
  void finish_stop();
  /// From any thread: close the longest idle connection.
  void ask_to_shed();
  std::size_t idle_count() const { return idle_count_.load(std::memory_order_relaxed); }

  // For the connections, on the loop's thread:
  ServerContext& context() { return context_; }
  boost::asio::io_context& io() { return io_; }
  const std::shared_ptr<Mailbox>& mailbox() { return mailbox_; }
  bool stopping() const { return stopping_; }
  void enter(Roster::Place& place, Phase phase);
  void leave(Roster::Place& place, bool counted);
  std::string fresh_request_id();
  std::string_view date_line() { return date_.text(); }
  /// Where to read to; worth nothing after the next read.
  std::array<char, 64 << 10>& input() { return *input_; }
  /// Has input that waited so long come too late to begin new work?
  bool is_late(Millis waited);
  /// An empty string that keeps its memory, to build what is written at once.
  std::string& output();

 private:
  void accept();
  void on_accept(boost::system::error_code ec, Socket socket);
  void on_accept_failed(boost::system::error_code ec);
  void admit(Socket socket);
  void refuse(Socket socket);
  bool shed_longest_idle();
  bool make_room();
  void tick();
  void expire(Phase phase, Millis timeout);

  ServerContext& context_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<Executor> work_;
  std::shared_ptr<Mailbox> mailbox_;
  Acceptor acceptor_;
  Timer tick_, accept_pause_;
  std::uint16_t port_ = 0;
  Roster roster_;
  std::atomic<std::size_t> idle_count_{0};
  ControlledDelay input_delay_;
  IdFactory ids_;
  DateLine date_;
  std::unique_ptr<std::array<char, 64 << 10>> input_;
  std::string output_;
  bool stopping_ = false, finished_ = false;
  std::thread thread_;
};

}  // namespace troupe::ingress
