// One client connection: reads requests one at a time, hands them to the handler, writes the answers.
//
//   idle ──byte──► receiving ──whole request──► handling ──answer──► sending ──all taken──► idle
//                      └──fault──► sending the problem ──► lingering ──► closed
//
// A streamed body: the handler is called when the head is there; `receiving` and `handling` then take turns, as the
// sink has room, until the body is whole.
//
// While a request is under way nothing more is read (a pipelining client is held back by TCP); a stream is the
// exception, where reading is how the client's leaving is noticed. All input goes through the loop's buffer and answers
// are written on the spot, so an idle connection holds no buffer at all.
//
// Lives on the thread of its loop, which owns it (Roster); other threads reach it through the Mailbox only.
// connection.cpp is the reading side, connection_output.cpp the writing side.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingress/download.hpp"
#include "ingress/event_loop.hpp"
#include "ingress/mailbox.hpp"
#include "ingress/output.hpp"
#include "ingress/request_parser.hpp"
#include "ingress/roster.hpp"

namespace troupe::ingress {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  /// `counted`: whether it counts towards the bound of connections.
  Connection(EventLoop& loop, Socket socket, bool counted);

  void start();
  /// Answers with this error at once, whatever the client sends, and closes.
  void refuse(const Error& error);
  void close();

  /// Is this request still unanswered, or its answer under way?
  bool expects(std::uint64_t exchange) const { return exchange_ == exchange && active_ && socket_.is_open(); }
  /// Is the handler being called for this request right now, further up the stack?
  bool is_dispatching(std::uint64_t exchange) const { return dispatching_ && expects(exchange); }
  void deliver(Payload payload);

  // Called by the loop:
  Roster::Place& place() { return place_; }
  bool may_be_shed();
  void on_timeout();
  void on_stop();

 private:
  /// A body that arrives is not stalled, but one that drips is: the stall is put off only by this many bytes.
  static constexpr std::size_t kProgressBytes = 16 << 10;

  // reading
  void watch_input();
  void on_input();
  void on_bytes(std::string_view fresh);
  std::size_t advance(std::string_view input);
  void settle();
  void dispatch();
  bool wants_body() const { return body_sink_ && body_sink_->has_room(); }
  void pass_body_on();
  void fail_body(const Error& error);
  void abandon_body();
  void reject(const Error& error);
  void continue_if_expected();
  std::string request_id_of(const Request& request);
  void next_request();

  // writing
  void on_payload(Response& response);
  void on_payload(Unanswered&);
  void on_payload(BodyWanted& wanted);
  void on_payload(BodyRoom&);
  void on_payload(StreamStart& start);
  void on_payload(StreamReady&);
  void on_payload(StreamOver& over);
  void on_payload(Delay& delay);
  void on_payload(Piece& piece);
  void answer(Response response);
  void answer_error(const Error& error);
  ResponseFraming framing(std::optional<std::uint64_t> content_length);
  void start_download(Response response);
  void send_piece();
  void pump_stream(std::string& out);
  void send(std::string_view head, std::string body);
  void watch_output();
  void on_sent();
  void finish_exchange();
  void begin_close();

  EventLoop& loop_;
  Socket socket_;
  Roster::Place place_;
  std::string peer_;
  const bool counted_;

  // reading
  std::string kept_;         ///< what has been read and not been used
  std::size_t kept_at_ = 0;  ///< the first of it that counts
  std::optional<RequestParser> parser_;
  std::size_t progress_ = 0;  ///< bytes since the stall was last put off
  Millis watched_since_{0};   ///< monotonic; 0 before the first request, which may have waited for the connection, too
  bool is_late_ = false;      ///< what was read last waited too long in the socket
  bool watching_input_ = false;
  bool advancing_ = false;
  bool continued_ = false;  ///< `100 Continue` has been sent

  // the request under way
  std::uint64_t exchange_ = 0;
  bool active_ = false;
  bool dispatching_ = false;
  bool body_coming_ = false;             ///< the handler was called, and the body is not whole yet
  std::shared_ptr<BodySink> body_sink_;  ///< once the handler has given it, while body_coming_
  bool rejected_ = false;                ///< the client may still be sending what we refused
  bool head_only_ = false;
  bool keep_alive_ = true;
  int version_ = 11;
  std::string request_id_;
  Output output_;
  std::unique_ptr<Download> download_;
  std::shared_ptr<ChunkedStream> stream_;
  bool stream_ending_ = false;  ///< the last bytes of the stream are in the output
  bool stream_has_more_ = false;
  std::list<Timer> timers_;
};

}  // namespace troupe::ingress
