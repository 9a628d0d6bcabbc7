#include "support/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "troupe/base/ascii.hpp"

namespace troupe::testing {
namespace {

int listen_on_free_port(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 128) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::abort();
  port = ntohs(address.sin_port);
  return fd;
}

/// Reads until the text holds `count` bytes. False when the connection ends before.
bool fill(int fd, std::string& text, std::size_t count) {
  char buffer[16384];
  while (text.size() < count) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return true;
}

void parse_header(const std::string& line, ReceivedRequest& request) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::size_t value = line.find_first_not_of(' ', colon + 1);
  request.headers[to_lower(line.substr(0, colon))] = value == line.npos ? "" : line.substr(value);
}

std::optional<ReceivedRequest> read_request(int fd, std::string& buffered) {
  std::size_t end = 0;
  while ((end = buffered.find("\r\n\r\n")) == buffered.npos)
    if (!fill(fd, buffered, buffered.size() + 1)) return std::nullopt;
  ReceivedRequest request;
  std::size_t at = buffered.find("\r\n");
  const std::string first = buffered.substr(0, at);
  const std::size_t space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  while (at < end) {
    const std::size_t next = buffered.find("\r\n", at + 2);
    parse_header(buffered.substr(at + 2, next - at - 2), request);
    at = next;
  }
  const auto length = request.headers.find("content-length");
  const std::size_t body = length == request.headers.end() ? 0 : std::stoul(length->second);
  if (!fill(fd, buffered, end + 4 + body)) return std::nullopt;
  request.body = buffered.substr(end + 4, body);
  buffered.erase(0, end + 4 + body);
  return request;
}

}  // namespace

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return open_ = false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::respond(int status, std::string_view body, std::string_view headers) {
  send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
       std::string(headers) + "\r\n" + std::string(body));
}

void Peer::wait_for_close() {
  char byte;
  while (::recv(fd_, &byte, 1, 0) > 0) {
  }
  open_ = false;
}

HttpServer::HttpServer(Handler handler, std::string greeting)
    : handler_(std::move(handler)), greeting_(std::move(greeting)) {
  listener_ = listen_on_free_port(port_);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (int fd : sockets_) ::close(fd);
  ::close(listener_);
}

std::string HttpServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

std::vector<ReceivedRequest> HttpServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    std::lock_guard lock(mutex_);
    sockets_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpServer::serve(int fd) {
  std::string buffered;
  Peer peer(fd);
  peer.send(greeting_);
  while (peer.open()) {
    const auto request = read_request(fd, buffered);
    if (!request) break;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    handler_(*request, peer);
  }
  ::shutdown(fd, SHUT_RDWR);
}

int closed_port() {
  int port = 0;
  ::close(listen_on_free_port(port));
  return port;
}

}  // namespace troupe::testing
