// The HTTP/1.1 server: Asio event loops and Beast's parser over our own buffers. Knows bytes, connections and limits;
// what a request means is the handler's business (http.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ingress/http.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/result.hpp"

namespace troupe::ingress {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;                        ///< 0: any free one
  int threads = 1;                                  ///< event loops; each accepts on a socket of its own (SO_REUSEPORT)
  std::size_t body_bytes = limits::kBodyBytes;      ///< where there are no body_rules: above, 413 payload_too_large
  BodyRules body_rules;                             ///< empty: every body is taken whole
  std::size_t header_bytes = limits::kHeaderBytes;  ///< above: 431 header_too_large
  Millis request_stall = limits::kRequestStall;     ///< a begun request that stops arriving: 408 request_timeout
  Millis keep_alive_idle = limits::kKeepAliveIdle;  ///< an idle connection is closed silently
  Millis write_stall = limits::kRequestStall;       ///< a peer that takes nothing for so long is cut off
  std::size_t connections = limits::kConnections;   ///< above: the longest idle one is closed; if none, 503 overloaded
};

/// Renders an error that the server itself answers (400, 408, 413, 431, 500, 503) as a problem document.
using RenderError = std::function<Response(const Error& error, const std::string& request_id)>;

class Server {
 public:
  /// Binds and listens (so that port() is known), but accepts nothing before start(). Fails with io_failed.
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, Handler handler, RenderError render_error);
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
  virtual void start() = 0;
  /// Closes the listening sockets and idle connections; requests under way may finish. Streams are closed. Returns when
  /// no connection is left or the grace is over (what is left is then cut).
  virtual void stop(Millis grace) = 0;
  /// Open connections now; for metrics.
  virtual std::size_t connections() const = 0;
};

}  // namespace troupe::ingress
