// Reading a socket, and since when the bytes have waited there: the kernel stamps what comes in (SO_TIMESTAMPNS), so
// that a loop that is behind knows by how much.
#pragma once

#include <sys/types.h>

#include <array>

#include "troupe/base/time.hpp"

namespace troupe::ingress {

/// From now on, what comes in on this socket is stamped. Without the kernel's help nothing is ever said to have waited.
void stamp_input(int socket);

struct Input {
  ssize_t size = 0;  ///< 0: the other end has closed; -1: failed, as errno says
  Millis waited{0};  ///< of the youngest bytes read
};

/// Like recv(2).
Input read_input(int socket, std::array<char, 64 << 10>& buffer);

}  // namespace troupe::ingress
