// A connected, non-blocking TCP socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/base/fd.hpp"

namespace troupe::bench {

class Socket {
 public:
  /// Ends the program where nobody listens.
  Socket(const std::string& host, std::uint16_t port);

  int fd() const { return fd_.get(); }
  /// All of it; waits where it is more than the kernel's buffer takes.
  void send(std::string_view bytes);
  /// Appends what has arrived. False when the peer has closed.
  bool receive(std::string& out);

 private:
  Fd fd_;
};

}  // namespace troupe::bench
