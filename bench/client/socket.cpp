#include "bench/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "bench/fault.hpp"

namespace troupe::bench {
namespace {

constexpr int kPatienceMs = 30'000;

}  // namespace

Socket::Socket(const std::string& host, std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) stop_with(host + " is not an IPv4 address");
  if (!fd_ || ::connect(fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    stop_with_errno("cannot connect to " + host + ":" + std::to_string(port));
  const int on = 1;
  if (setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 || fcntl(fd(), F_SETFL, O_NONBLOCK) != 0)
    stop_with_errno("cannot set the socket's options");
}

void Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) stop_with_errno("cannot send a request");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    pollfd room{fd(), POLLOUT, 0};
    if (!bytes.empty() && ::poll(&room, 1, kPatienceMs) == 0) stop_with("the server takes no more of a request");
  }
}

bool Socket::receive(std::string& out) {
  char bytes[32 << 10];
  while (true) {
    const auto got = ::recv(fd(), bytes, sizeof bytes, 0);
    if (got == 0) return false;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      stop_with_errno("cannot receive");
    }
    out.append(bytes, static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < sizeof bytes) return true;  // more makes the poller report it again
  }
}

}  // namespace troupe::bench
