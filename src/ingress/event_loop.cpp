#include "ingress/event_loop.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "ingress/connection.hpp"
#include "troupe/base/assert.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

using boost::system::error_code;

/// Accepting failed, most likely for want of descriptors: the time given to closing connections before the next try.
constexpr Millis kAcceptPause{50};
/// How long a refused client may still send before it is cut off.
constexpr Millis kLinger{2000};
/// Clients that are told 503 at once; more are closed without a word.
constexpr std::size_t kRefusalsMax = 64;
/// How many of the longest idle are looked at to find one that has not just begun a request.
constexpr int kShedTries = 16;
constexpr std::size_t kOutputKept = 64 << 10;

struct RequestTag;

Millis tick_interval(const ServerOptions& options) {
  const auto shortest = std::min({options.request_stall, options.keep_alive_idle, options.write_stall});
  return std::clamp(shortest / 8, Millis(5), Millis(250));
}

}  // namespace

EventLoop::EventLoop(ServerContext& context)
    : context_(context),
      work_(io_.get_executor()),
      mailbox_(std::make_shared<Mailbox>(io_)),
      acceptor_(io_),
      tick_(io_),
      accept_pause_(io_),
      input_delay_(limits::kInputWait, limits::kInputWaitInterval),
      ids_(context.clock, context.random),
      date_(context.clock),
      input_(std::make_unique<std::array<char, 64 << 10>>()) {}

Result<Done> EventLoop::listen(const boost::asio::ip::tcp::endpoint& endpoint, bool shared) {
  using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  error_code ec;
  const auto failed = [&](const char* what) {
    return Result<Done>(ErrorCode::io_failed, std::string("Cannot ") + what + ' ' + endpoint.address().to_string() +
                                                  ':' + std::to_string(endpoint.port()) + ": " + ec.message() + '.');
  };
  if (acceptor_.open(endpoint.protocol(), ec)) return failed("open a socket for");
  if (acceptor_.set_option(Acceptor::reuse_address(true), ec)) return failed("set up a socket for");
  if (shared && acceptor_.set_option(ReusePort(true), ec)) return failed("share");
  if (acceptor_.bind(endpoint, ec)) return failed("bind");
  if (acceptor_.listen(Acceptor::max_listen_connections, ec)) return failed("listen on");
  const auto local = acceptor_.local_endpoint(ec);
  if (ec) return failed("listen on");
  port_ = local.port();
  return Done{};
}

void EventLoop::start() {
  thread_ = std::thread([this] {
    mailbox_->belongs_to_this_thread();
    accept();
    tick();
    io_.run();
  });
}

void EventLoop::begin_stop() {
  boost::asio::post(io_, [this] {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
      const auto copy = roster_.in(static_cast<Phase>(phase));  // they leave the list while we walk
      for (const auto& connection : copy) connection->on_stop();
    }
  });
}

void EventLoop::finish_stop() {
  if (!thread_.joinable()) return;
  TROUPE_ASSERT(thread_.get_id() != std::this_thread::get_id(), "a server is not stopped by its own handler");
  boost::asio::post(io_, [this] {
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
      const auto copy = roster_.in(static_cast<Phase>(phase));
      for (const auto& connection : copy) connection->close();
    }
    mailbox_->close();
    finished_ = true;
    tick_.cancel();
    work_.reset();
  });
  thread_.join();
}

void EventLoop::ask_to_shed() {
  boost::asio::post(io_, [this] { shed_longest_idle(); });
}

void EventLoop::enter(Roster::Place& place, Phase phase) {
  roster_.enter(place, phase);
  idle_count_.store(roster_.in(Phase::idle).size(), std::memory_order_relaxed);
}

void EventLoop::leave(Roster::Place& place, bool counted) {
  if (!place.listed) return;
  roster_.remove(place);
  idle_count_.store(roster_.in(Phase::idle).size(), std::memory_order_relaxed);
  if (counted) context_.remove_open();
}

std::string EventLoop::fresh_request_id() {
  return to_string(ids_.make<Id<RequestTag>>(static_cast<Slot>(context_.random.next() % kSlotCount)));
}

bool EventLoop::is_late(Millis waited) { return !input_delay_.admits(waited, context_.clock.monotonic()); }

std::string& EventLoop::output() {
  if (output_.capacity() > kOutputKept) std::string().swap(output_);
  output_.clear();
  return output_;
}

void EventLoop::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(io_, [this](error_code ec, Socket socket) { on_accept(ec, std::move(socket)); });
}

void EventLoop::on_accept(error_code ec, Socket socket) {
  if (stopping_) return;
  if (ec) return on_accept_failed(ec);
  if (context_.open() < context_.options.connections || make_room()) {
    admit(std::move(socket));
  } else {
    refuse(std::move(socket));
  }
  accept();
}

void EventLoop::on_accept_failed(error_code ec) {
  if (ec == boost::asio::error::connection_aborted) return accept();  // the client was gone before we came to it
  const bool exhausted =
      ec == boost::asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system;
  if (exhausted) shed_longest_idle();
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([this](error_code cancelled) {
    if (!cancelled) accept();
  });
}

void EventLoop::admit(Socket socket) {
  context_.add_open();
  auto connection = std::make_shared<Connection>(*this, std::move(socket), true);
  roster_.add(connection, connection->place(), Phase::idle);
  idle_count_.store(roster_.in(Phase::idle).size(), std::memory_order_relaxed);
  connection->start();
}

void EventLoop::refuse(Socket socket) {
  if (roster_.in(Phase::lingering).size() >= kRefusalsMax) return;
  auto connection = std::make_shared<Connection>(*this, std::move(socket), false);
  roster_.add(connection, connection->place(), Phase::handling);
  connection->refuse({ErrorCode::overloaded, "All connections that this server allows are in use.", true, {}});
}

bool EventLoop::make_room() {
  if (shed_longest_idle()) return true;
  for (auto* other : context_.loops) {
    if (other == this || other->idle_count() == 0) continue;
    other->ask_to_shed();  // until it has, there is one connection too many
    return true;
  }
  return false;
}

bool EventLoop::shed_longest_idle() {
  for (const Phase phase : {Phase::idle, Phase::lingering}) {
    int tries = 0;
    for (const auto& connection : roster_.in(phase)) {
      if (!connection->may_be_shed()) {
        if (++tries == kShedTries) break;
        continue;
      }
      const auto keep = connection;
      keep->close();
      return true;
    }
  }
  return false;
}

void EventLoop::tick() {
  const auto& options = context_.options;
  expire(Phase::idle, options.keep_alive_idle);
  expire(Phase::receiving, options.request_stall);
  expire(Phase::sending, options.write_stall);
  expire(Phase::lingering, kLinger);
  tick_.expires_after(tick_interval(options));
  tick_.async_wait([this](error_code cancelled) {
    if (!cancelled && !finished_) tick();
  });
}

void EventLoop::expire(Phase phase, Millis timeout) {
  const auto limit = std::chrono::steady_clock::now() - timeout;
  const auto& list = roster_.in(phase);
  while (!list.empty() && list.front()->place().since <= limit) {
    const auto connection = list.front();
    connection->on_timeout();
    TROUPE_ASSERT(list.empty() || list.front() != connection, "a connection leaves the phase whose time is over");
  }
}

}  // namespace troupe::ingress
