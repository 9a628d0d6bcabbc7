#include "ingress/stamped_input.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace troupe::ingress {
namespace {

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

void stamp_input(int socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

Input read_input(int socket, std::array<char, 64 << 10>& buffer) {
  iovec bytes{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, 256> control;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  Input input;
  do input.size = ::recvmsg(socket, &message, 0);
  while (input.size < 0 && errno == EINTR);
  if (input.size <= 0) return input;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec came, now;
    std::memcpy(&came, CMSG_DATA(header), sizeof came);
    ::clock_gettime(CLOCK_REALTIME, &now);  // the stamps' clock
    input.waited = std::max(Millis(0), std::chrono::duration_cast<Millis>(since_epoch(now) - since_epoch(came)));
  }
  return input;
}

}  // namespace troupe::ingress
