#include "ingress/connection.hpp"

#include <algorithm>
#include <cerrno>

#include <boost/asio/ip/tcp.hpp>

#include "ingress/chunked_stream.hpp"
#include "ingress/responder.hpp"
#include "ingress/stamped_input.hpp"
#include "troupe/base/ascii.hpp"

namespace troupe::ingress {
namespace {

using boost::system::error_code;

constexpr std::size_t kRequestIdChars = 128;

std::string address_of(const Socket& socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  return ec ? std::string() : endpoint.address().to_string();
}

bool is_request_id(std::string_view text) {
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-'; };
  return !text.empty() && text.size() <= kRequestIdChars && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

Connection::Connection(EventLoop& loop, Socket socket, bool counted)
    : loop_(loop), socket_(std::move(socket)), peer_(address_of(socket_)), counted_(counted) {
  error_code ignored;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  stamp_input(socket_.native_handle());
}

void Connection::start() { watch_input(); }

void Connection::watch_input() {
  if (watching_input_ || !socket_.is_open()) return;
  watching_input_ = true;
  if (exchange_ > 0) watched_since_ = loop_.context().clock.monotonic();
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code ec) {
    self->watching_input_ = false;
    if (!ec && self->socket_.is_open()) self->on_input();
  });
}

void Connection::on_input() {
  if (active_ && !stream_ && !wants_body()) return;  // a request is under way: what comes after it can wait
  const Input input = read_input(socket_.native_handle(), loop_.input());
  if (input.size < 0 && errno == EAGAIN) return watch_input();
  if (input.size <= 0) return close();
  if (stream_ || place_.phase == Phase::lingering) return watch_input();  // nobody wants it
  // What came while another request was under way waited for that, not for us.
  if (!active_) is_late_ = loop_.is_late(std::min(input.waited, loop_.context().clock.monotonic() - watched_since_));
  on_bytes({loop_.input().data(), static_cast<std::size_t>(input.size)});
}

void Connection::on_bytes(std::string_view fresh) {
  progress_ += fresh.size();
  if (kept_.empty()) {
    const auto taken = advance(fresh);
    kept_.assign(fresh.substr(taken));
  } else {
    kept_.erase(0, std::exchange(kept_at_, 0));
    kept_.append(fresh);
    kept_at_ = advance(kept_);
  }
  settle();
}

void Connection::next_request() {
  if (!kept_.empty()) kept_at_ += advance(std::string_view(kept_).substr(kept_at_));
  settle();
}

/// Goes through the input until it lacks something: more bytes, or the answer to a request. Returns what it used.
std::size_t Connection::advance(std::string_view input) {
  std::size_t taken = 0;
  advancing_ = true;
  const ServerOptions& options = loop_.context().options;
  while ((!active_ || wants_body()) && socket_.is_open() && place_.phase != Phase::lingering && taken < input.size()) {
    if (!parser_) parser_.emplace(options.header_bytes, options.body_bytes, options.body_rules);
    const bool had_head = parser_->head_complete();
    taken += parser_->feed(input.substr(taken));
    if (body_coming_) {
      pass_body_on();
      if (body_coming_) break;
    } else if (parser_->streams_body() && parser_->head_complete() &&
               parser_->state() != RequestParser::State::failed) {
      dispatch();
      if (body_coming_) break;
    } else if (parser_->state() == RequestParser::State::complete) {
      dispatch();
    } else if (parser_->state() == RequestParser::State::failed) {
      reject(parser_->error());
    } else {
      if (!had_head && parser_->head_complete()) progress_ = kProgressBytes;
      continue_if_expected();
      break;
    }
  }
  advancing_ = false;
  return taken;
}

/// After some input: what is the connection waiting for now?
void Connection::settle() {
  if (kept_at_ == kept_.size()) {
    std::string().swap(kept_);
    kept_at_ = 0;
  }
  if (!socket_.is_open() || (active_ && !wants_body()) || place_.phase == Phase::lingering) return;
  const bool begun = parser_.has_value();
  if (!begun) {
    loop_.enter(place_, Phase::idle);
  } else if (place_.phase != Phase::receiving || progress_ >= kProgressBytes) {
    progress_ = 0;
    loop_.enter(place_, Phase::receiving);
  }
  watch_input();
}

void Connection::continue_if_expected() {
  if (continued_ || !parser_->expects_continue()) return;
  continued_ = true;
  // All earlier answers have left, so there is room for 25 bytes unless the client takes nothing on purpose.
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code ec;
  if (socket_.write_some(boost::asio::buffer(kContinue), ec) != kContinue.size()) close();
}

std::string Connection::request_id_of(const Request& request) {
  const auto sent = request.header("x-request-id");
  return sent && is_request_id(*sent) ? std::string(*sent) : loop_.fresh_request_id();
}

/// Hands the request to the handler: whole, or its head where the body is streamed.
void Connection::dispatch() {
  body_coming_ = parser_->streams_body();
  std::string begun = body_coming_ ? std::exchange(parser_->request().body, {}) : std::string();
  Request request = body_coming_ ? parser_->request() : std::move(parser_->request());
  if (body_coming_) parser_->request().body = std::move(begun);
  request.peer = peer_;
  request.late = is_late_;
  request.request_id = request_id_ = request_id_of(request);
  version_ = parser_->version();
  keep_alive_ = parser_->keep_alive();
  head_only_ = request.method == "HEAD";
  if (!body_coming_) parser_.reset();
  continued_ = false;
  active_ = true;
  ++exchange_;
  auto responder = std::make_shared<ConnectionResponder>(loop_.mailbox(), weak_from_this(), exchange_);
  const auto exchange = exchange_;
  dispatching_ = true;
  loop_.context().handler(std::move(request), std::move(responder));
  dispatching_ = false;
  if (expects(exchange) && place_.phase != Phase::sending && !wants_body()) loop_.enter(place_, Phase::handling);
}

/// Gives the sink what has come of a streamed body, and its end.
void Connection::pass_body_on() {
  if (parser_->state() == RequestParser::State::failed) return fail_body(Error(parser_->error()));
  const bool whole = parser_->state() == RequestParser::State::complete;
  const auto sink = body_sink_;
  // What the sink is given may make it answer on the spot, and then nothing here is as it was.
  if (const std::string bytes = std::exchange(parser_->request().body, {}); !bytes.empty()) sink->take(bytes);
  if (!body_coming_) return;
  if (whole) {
    body_coming_ = false;
    body_sink_ = nullptr;
    parser_.reset();
    sink->complete();
  }
  if (active_ && !wants_body() && place_.phase != Phase::sending && place_.phase != Phase::lingering)
    loop_.enter(place_, Phase::handling);
}

void Connection::fail_body(const Error& error) {
  const auto sink = body_sink_;
  abandon_body();
  loop_.enter(place_, Phase::handling);
  sink->fail(error);
}

/// No more of the body is read; with the answer the connection ends.
void Connection::abandon_body() {
  body_coming_ = false;
  body_sink_ = nullptr;
  parser_.reset();
  rejected_ = true;
  keep_alive_ = false;
}

void Connection::reject(const Error& error) {
  const auto copy = error;  // it is the parser's, which goes now
  request_id_ = request_id_of(parser_->request());
  head_only_ = parser_->request().method == "HEAD";
  parser_.reset();
  refuse(copy);
}

void Connection::refuse(const Error& error) {
  rejected_ = true;
  keep_alive_ = false;
  active_ = true;
  ++exchange_;
  if (request_id_.empty()) request_id_ = loop_.fresh_request_id();
  answer_error(error);
}

bool Connection::may_be_shed() {
  if (place_.phase == Phase::lingering) return counted_;
  error_code ec;
  return socket_.available(ec) == 0;
}

void Connection::on_timeout() {
  if (place_.phase != Phase::receiving || !parser_) return close();
  const Error error{
      ErrorCode::request_timeout, "The request began, but the rest of it did not come in time.", true, {}};
  if (body_coming_) return fail_body(error);
  reject(error);
}

void Connection::on_stop() {
  if (place_.phase == Phase::idle || place_.phase == Phase::lingering) return close();
  keep_alive_ = false;
  if (stream_) stream_->close();
}

void Connection::close() {
  if (!socket_.is_open()) return;
  const auto keep = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  loop_.leave(place_, counted_);
  timers_.clear();
  download_.reset();
  body_sink_ = nullptr;
  output_ = Output();
  if (const auto stream = std::exchange(stream_, nullptr)) stream->end();
}

}  // namespace troupe::ingress
