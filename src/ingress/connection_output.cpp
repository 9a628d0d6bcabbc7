#include <algorithm>

#include "ingress/chunked_stream.hpp"
#include "ingress/connection.hpp"

namespace troupe::ingress {
namespace {

using boost::system::error_code;

/// How much of a stream is taken from its queue for one write: the rest stays where its bound counts it.
constexpr std::size_t kStreamBatch = 64 << 10;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

void Connection::deliver(Payload payload) {
  std::visit([this](auto& kind) { on_payload(kind); }, payload);
}

void Connection::on_payload(Response& response) { answer(std::move(response)); }

void Connection::on_payload(Unanswered&) {
  answer_error({ErrorCode::internal, "The request was not answered.", false, {}});
}

void Connection::on_payload(BodyWanted& wanted) {
  if (!body_coming_) return;
  body_sink_ = std::move(wanted.sink);
  progress_ = 0;
  if (parser_->state() == RequestParser::State::need_more) continue_if_expected();
  if (!socket_.is_open()) return;
  pass_body_on();
  if (!advancing_) next_request();
}

void Connection::on_payload(BodyRoom&) {
  if (!wants_body()) return;
  progress_ = kProgressBytes;  // the time until now was ours
  next_request();
}

void Connection::on_payload(StreamStart& start) {
  stream_ = std::move(start.stream);
  keep_alive_ = false;
  auto facts = framing(std::nullopt);
  facts.chunked = version_ == 11;
  auto& out = loop_.output();
  write_head(out, start.head, facts, loop_.date_line());
  if (loop_.stopping()) stream_->close();
  watch_input();
  pump_stream(out);
}

void Connection::on_payload(StreamReady&) {
  if (!stream_) return;
  if (output_.empty()) return pump_stream(loop_.output());
  if (stream_->overflowed()) return close();
  stream_has_more_ = true;
}

void Connection::on_payload(StreamOver& over) { over.stream->end(); }

void Connection::on_payload(Delay& delay) {
  timers_.emplace_front(loop_.io(), delay.delay);
  timers_.front().async_wait([self = weak_from_this(), exchange = exchange_, timer = timers_.begin(),
                              function = std::move(delay.function)](error_code cancelled) {
    const auto connection = self.lock();
    if (cancelled || !connection || !connection->expects(exchange)) return;
    connection->timers_.erase(timer);
    function();
  });
}

void Connection::on_payload(Piece& piece) {
  if (!download_) return;
  if (download_->accept(piece.bytes)) {
    if (output_.empty()) send_piece();
    return;
  }
  // Once the head is out, cutting the connection is the only way left to say that the rest does not come.
  if (download_->started()) return close();
  download_.reset();
  answer_error(piece.bytes ? Error{ErrorCode::internal, "The content is shorter than it should be.", false, {}}
                           : piece.bytes.error());
}

void Connection::answer_error(const Error& error) {
  auto response = loop_.context().render_error(error, request_id_);
  const auto is_retry_after = [](const auto& header) { return header.first == "Retry-After"; };
  if (error.code == ErrorCode::overloaded && std::ranges::none_of(response.headers, is_retry_after))
    response.headers.emplace_back("Retry-After", "1");
  answer(std::move(response));
}

ResponseFraming Connection::framing(std::optional<std::uint64_t> content_length) {
  if (loop_.stopping()) keep_alive_ = false;
  return {version_, keep_alive_, false, content_length, request_id_};
}

void Connection::answer(Response response) {
  if (body_coming_) abandon_body();
  const bool has_body = status_has_body(response.status) && !head_only_;
  std::optional<std::uint64_t> length;
  if (status_has_body(response.status)) length = response.content ? response.content->length : response.body.size();
  if (response.content && has_body && *length > 0) return start_download(std::move(response));
  auto& head = loop_.output();
  write_head(head, response, framing(length), loop_.date_line());
  send(head, has_body && !response.content ? std::move(response.body) : std::string());
}

void Connection::start_download(Response response) {
  download_ =
      std::make_unique<Download>(std::move(response), loop_.context(), loop_.mailbox(), weak_from_this(), exchange_);
}

void Connection::send_piece() {
  auto& head = loop_.output();
  if (!download_->started())
    write_head(head, download_->response(), framing(download_->response().content->length), loop_.date_line());
  if (auto piece = download_->take()) {
    send(head, std::move(*piece));
  } else {
    loop_.enter(place_, Phase::handling);  // the disk is slower than the client
  }
}

void Connection::pump_stream(std::string& out) {
  if (stream_ending_) return;
  const bool chunked = version_ == 11;
  const auto head_size = out.size();
  const auto ending = stream_->take(out, chunked, kStreamBatch);
  if (ending == ChunkedStream::Ending::overflowed) return close();
  stream_has_more_ = ending == ChunkedStream::Ending::more;
  if (ending == ChunkedStream::Ending::closed || head_only_) {
    stream_ending_ = true;
    if (head_only_) {
      out.resize(head_size);
    } else if (chunked) {
      out += kLastChunk;
    }
  }
  if (!out.empty() || stream_ending_) send(out, {});
}

/// Writes what the socket takes and keeps the rest. `head` may be the loop's buffer.
void Connection::send(std::string_view head, std::string body) {
  error_code ec;
  const std::array<boost::asio::const_buffer, 2> buffers = {boost::asio::buffer(head), boost::asio::buffer(body)};
  const auto size = head.size() + body.size();
  const auto sent = size == 0 ? 0 : socket_.write_some(buffers, ec);
  if (ec && ec != boost::asio::error::would_block) return close();
  if (sent == size) return on_sent();
  output_.keep(head, std::move(body), sent);
  loop_.enter(place_, Phase::sending);
  watch_output();
}

void Connection::watch_output() {
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code waiting_failed) {
    if (waiting_failed || !self->socket_.is_open()) return;
    error_code ec;
    const auto sent = self->socket_.write_some(self->output_.buffers(), ec);
    if (ec && ec != boost::asio::error::would_block) return self->close();
    if (sent > 0) {
      self->output_.consume(sent);
      self->loop_.enter(self->place_, Phase::sending);
    }
    if (self->output_.empty()) {
      self->on_sent();
    } else {
      self->watch_output();
    }
  });
}

/// All bytes so far are the kernel's now: what comes next?
void Connection::on_sent() {
  if (download_ && !download_->finished()) return send_piece();
  if (stream_ && !stream_ending_) {
    loop_.enter(place_, Phase::handling);
    // By way of the mailbox, so that one fast stream does not keep the loop from the others.
    if (stream_has_more_) loop_.mailbox()->put({weak_from_this(), exchange_, StreamReady{}});
    return;
  }
  finish_exchange();
}

void Connection::finish_exchange() {
  active_ = false;
  continued_ = false;
  download_.reset();
  timers_.clear();
  request_id_.clear();
  if (!keep_alive_ || loop_.stopping()) return begin_close();
  if (!advancing_) next_request();
}

void Connection::begin_close() {
  error_code ec;
  const bool more_may_come = rejected_ || socket_.available(ec) > 0;
  if (stream_ || !more_may_come) return close();
  // Closing while bytes arrive makes the kernel reset the connection, and the client may lose the answer.
  socket_.shutdown(Socket::shutdown_send, ec);
  if (ec) return close();
  loop_.enter(place_, Phase::lingering);
  watch_input();
}

}  // namespace troupe::ingress
