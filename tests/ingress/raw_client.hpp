// A blocking client that sends exactly the bytes it is given and reads answers back, for tests of the HTTP server.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::ingress {

struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool whole = false;  ///< the body ended as the head said it would
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{10, 0};  // no test waits so long unless it fails
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), kept_(std::move(other.kept_)) {}
  RawClient(const RawClient&) = delete;
  RawClient& operator=(RawClient&&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void shut_down_sending() { ::shutdown(fd_, SHUT_WR); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Reads one response; status 0 if the connection ends before its head does.
  RawResponse read_response(bool head_only = false) {
    RawResponse response;
    while (kept_.find("\r\n\r\n") == kept_.npos)
      if (!read_more()) return response;
    read_head(response);
    const auto length = response.headers.find("content-length");
    if (head_only || response.status / 100 == 1 || response.status == 204 || response.status == 304) {
      response.whole = true;
    } else if (length != response.headers.end()) {
      response.whole = read_exactly(std::strtoull(length->second.c_str(), nullptr, 10), response.body);
    } else if (response.headers.count("transfer-encoding") > 0) {
      response.whole = read_chunks(response.body);
    } else {
      response.whole = true;
      response.body = read_to_end();
    }
    return response;
  }
  RawResponse get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return read_response();
  }

  /// Everything up to the end of the connection.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(kept_, {});
  }
  /// True if the server has ended the connection and nothing more came.
  bool is_ended() { return kept_.empty() && !read_more() && !timed_out_; }
  /// Waits for these bytes.
  bool read_until(std::string_view text) {
    for (;;) {
      const auto at = kept_.find(text);
      if (at != kept_.npos) {
        kept_.erase(0, at + text.size());
        return true;
      }
      if (!read_more()) return false;
    }
  }

 private:
  bool read_more() {
    char buffer[64 << 10];
    const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
    timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count <= 0) return false;
    kept_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  bool read_exactly(std::size_t size, std::string& into) {
    while (kept_.size() < size)
      if (!read_more()) return false;
    into += kept_.substr(0, size);
    kept_.erase(0, size);
    return true;
  }
  std::optional<std::string> read_line() {
    while (kept_.find("\r\n") == kept_.npos)
      if (!read_more()) return std::nullopt;
    const auto end = kept_.find("\r\n");
    auto line = kept_.substr(0, end);
    kept_.erase(0, end + 2);
    return line;
  }
  void read_head(RawResponse& response) {
    response.status = std::atoi(read_line()->substr(9).c_str());
    for (auto line = read_line(); line && !line->empty(); line = read_line()) {
      const auto colon = line->find(": ");
      auto name = line->substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      response.headers[name] = line->substr(colon + 2);
    }
  }
  bool read_chunks(std::string& into) {
    for (;;) {
      const auto line = read_line();
      if (!line) return false;
      const auto size = std::strtoull(line->c_str(), nullptr, 16);
      if (!read_exactly(size, into) || !read_line()) return false;
      if (size == 0) return true;
    }
  }

  int fd_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string kept_;
};

}  // namespace troupe::ingress
