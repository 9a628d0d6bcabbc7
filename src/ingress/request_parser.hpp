// Bytes in, one Request out: Beast's parser, fed from our own buffers, with the guards that it lacks.
//
// One parser serves one request. Refused before any body is kept: both a length and a transfer coding, any coding but
// `chunked`, lengths that differ, a missing or repeated Host, a broken target, a declared length above the bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "ingress/head_scanner.hpp"
#include "ingress/http.hpp"

namespace troupe::ingress {

/// Fills a Request from what Beast finds. Trailer fields of a chunked body are dropped: nothing here may be changed
/// after the head was judged.
class MessageParser final : public boost::beast::http::basic_parser<true> {
 public:
  MessageParser(std::size_t body_bytes, const BodyRules& rules);

  Request request;
  int version = 11;  ///< 10 or 11
  BodyRule body_rule;
  std::string_view fault;  ///< what we found wrong ourselves, as the rest of a sentence

 private:
  using BeastError = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, BeastError& ec) override;
  void on_response_impl(int, Text, int, BeastError&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value, BeastError& ec) override;
  void on_header_impl(BeastError& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError& ec) override;
  std::size_t on_body_impl(Text bytes, BeastError& ec) override;
  void on_chunk_header_impl(std::uint64_t, Text, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, BeastError& ec) override;
  void on_finish_impl(BeastError&) override {}

  std::string_view fault_of_head() const;

  const BodyRules& rules_;
  bool head_complete_ = false;
};

class RequestParser {
 public:
  enum class State { need_more, complete, failed };

  /// `rules` outlive it; where they are empty, every body is taken whole, up to `body_bytes`.
  RequestParser(std::size_t header_bytes, std::size_t body_bytes, const BodyRules& rules);

  /// Takes bytes from the front and returns how many. What it leaves has to be given again, with more behind it.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  const Error& error() const { return error_; }
  bool head_complete() const { return message_.is_header_done(); }
  /// The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const;
  /// The body goes to a sink. Once the head is complete.
  bool streams_body() const { return message_.body_rule.streamed; }
  /// Once the head is complete; nothing of it is checked before. Of a streamed body it holds what came last.
  Request& request() { return message_.request; }
  int version() const { return message_.version; }
  bool keep_alive() const { return message_.keep_alive(); }

 private:
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_body(std::string_view bytes);
  std::size_t put(std::string_view bytes);
  void fail(ErrorCode code, std::string message);

  std::size_t header_bytes_;
  HeadScanner scanner_;
  MessageParser message_;
  State state_ = State::need_more;
  Error error_;
};

}  // namespace troupe::ingress
