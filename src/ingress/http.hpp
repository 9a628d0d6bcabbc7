// What passes between the HTTP server (bytes, connections, limits: server.hpp) and the routes (meaning: router.hpp).
//
// Everything here is used on the event-loop thread of its connection only, except where a comment says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::ingress {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One whole request, within the limits.
struct Request {
  std::string method;  ///< as sent: GET
  std::string target;  ///< as sent, path and query
  std::string path;    ///< percent-decoded, without the query
  std::string query;   ///< as sent, without '?'
  Headers headers;     ///< names in lower case, in order
  std::string body;
  std::string peer;        ///< address of the other end
  bool late = false;       ///< the server is behind, and it waited in the socket for longer than new work may
  std::string request_id;  ///< X-Request-Id if well-formed (1–128 of A–Z a–z 0–9 . _ : -), else a fresh UUID

  /// First header of that name (lower case).
  std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return std::nullopt;
  }
};

/// One whole answer. The server adds Date, Content-Length, X-Request-Id, and Connection where needed; for HEAD it sends
/// no body.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Instead of `body`: bytes [offset, offset + length) of a blob, read piece by piece off the loop.
  struct Content {
    std::shared_ptr<BlobSource> source;
    std::uint64_t offset = 0, length = 0;
  };
  std::optional<Content> content;
};

/// A response that goes on: Server-Sent Events, followed logs, exports. send() and close() may be called from any
/// thread.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Queues bytes for sending. False when the peer is gone, or when it is so slow that limits::kStreamBytes wait
  /// (it is then disconnected: an SSE client resumes by Last-Event-ID).
  virtual bool send(std::string bytes) = 0;
  virtual void close() = 0;
  /// Called once, on the loop, when the stream is over for whatever reason. Set right after start_stream().
  virtual void on_close(std::function<void()> handler) = 0;
};

/// Takes the body of a request piece by piece, where the route wants it so (BodyRule). On the connection's loop.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// The next bytes, in order; at most what one read of the socket gives.
  virtual void take(std::string_view bytes) = 0;
  /// May the connection read on? If not, Responder::read_on() says when; meanwhile TCP holds the client back.
  virtual bool has_room() const = 0;
  /// The body has come whole. Either this or fail() is the last call; neither comes if the client goes away.
  virtual void complete() = 0;
  /// The rest of the body will not come: malformed_request, payload_too_large or request_timeout.
  virtual void fail(const Error& error) = 0;
};

/// How the body of a request is taken; its first line decides.
struct BodyRule {
  std::size_t max_bytes = 0;  ///< above: 413 payload_too_large
  bool streamed = false;      ///< the handler is called when the head is there, and gives a BodySink; Request::body
                              ///< stays empty
};
/// Thread-safe.
using BodyRules = std::function<BodyRule(std::string_view method, std::string_view path)>;

/// Answers one request: exactly one of the two, once, from any thread. Dropped unanswered (a bug): the server answers
/// 500 `internal`. If the client has gone meanwhile, answering does nothing.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(Response response) = 0;
  /// Sends the head now and keeps the connection for the stream (chunked; closed at its end).
  virtual std::shared_ptr<Stream> start_stream(Response head) = 0;
  /// Where a streamed body goes. Called at most once, before the answer; a request answered without it was refused, and
  /// its connection is closed.
  virtual void read_body(std::shared_ptr<BodySink> sink) = 0;
  /// The sink has room again.
  virtual void read_on() = 0;
  /// Runs `function` after `delay` on the connection's loop, unless the request is answered (a stream: over) or the
  /// connection is closed first; then it is let go unrun.
  virtual void after(Millis delay, std::function<void()> function) = 0;
};

/// What the server calls for each request. Must not block.
using Handler = std::function<void(Request request, std::shared_ptr<Responder> responder)>;

}  // namespace troupe::ingress
