// The bytes of an answer that the socket has not taken yet.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace troupe::ingress {

class Output {
 public:
  bool empty() const { return sent_ == head_.size() + body_.size(); }

  /// Keeps what follows the first `sent` bytes of head and body.
  void keep(std::string_view head, std::string body, std::size_t sent) {
    if (sent >= head.size()) {
      head_.clear();
      sent_ = sent - head.size();
    } else {
      head_ = head.substr(sent);
      sent_ = 0;
    }
    body_ = std::move(body);
    if (empty()) clear();
  }
  void consume(std::size_t count) {
    sent_ += count;
    if (empty()) clear();
  }
  std::array<boost::asio::const_buffer, 2> buffers() const {
    const std::string_view head = head_, body = body_;
    const auto from_head = std::min(sent_, head.size());
    return {boost::asio::const_buffer(head.data() + from_head, head.size() - from_head),
            boost::asio::const_buffer(body.data() + (sent_ - from_head), body.size() - (sent_ - from_head))};
  }

 private:
  void clear() { *this = Output(); }

  std::string head_, body_;
  std::size_t sent_ = 0;
};

}  // namespace troupe::ingress
