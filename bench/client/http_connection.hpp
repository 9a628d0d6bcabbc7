// A kept-alive HTTP/1.1 connection with one request in flight.
#pragma once

#include <optional>

#include "bench/socket.hpp"

namespace troupe::bench {

/// Views into the connection; valid until its next request.
struct Answer {
  int status = 0;
  std::string_view head, body;
};

class HttpConnection {
 public:
  HttpConnection(const std::string& host, std::uint16_t port) : socket_(host, port) {}

  int fd() const { return socket_.fd(); }
  void send(std::string_view request);
  /// To be called when bytes have arrived. The answer once it is whole, else nothing.
  std::optional<Answer> receive();

 private:
  Socket socket_;
  std::string input_;
};

/// Of an answer's head; nothing if there is none.
std::optional<std::uint64_t> numeric_header(std::string_view head, std::string_view name);
/// Of the text of an answer; nothing while a part is missing.
std::optional<Answer> parse_answer(std::string_view text);

}  // namespace troupe::bench
