// A small blocking HTTP/1.1 server for tests: one thread a connection, and a handler that may answer with any bytes, cut
// the connection, or not answer at all. Listens on 127.0.0.1 on a free port; the destructor ends every connection.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace troupe::testing {

struct ReceivedRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// The handler's end of a connection.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  /// False once the other side (or the server's destructor) has closed.
  bool send(std::string_view bytes);
  void respond(int status, std::string_view body, std::string_view headers = "");
  /// Returns when the other side closes.
  void wait_for_close();
  void close() { open_ = false; }
  bool open() const { return open_; }

 private:
  const int fd_;
  bool open_ = true;
};

class HttpServer {
 public:
  using Handler = std::function<void(const ReceivedRequest&, Peer&)>;

  /// `greeting` is sent as soon as a connection is made (to be something else than an HTTP server).
  explicit HttpServer(Handler handler, std::string greeting = {});
  ~HttpServer();

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const;
  std::vector<ReceivedRequest> requests() const;
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  const Handler handler_;
  const std::string greeting_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A port on which nothing listens.
int closed_port();

}  // namespace troupe::testing
