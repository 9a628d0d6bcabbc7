// The server's Stream: a bounded queue between whoever sends and the loop that writes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "ingress/mailbox.hpp"

namespace troupe::ingress {

class ChunkedStream final : public Stream, public std::enable_shared_from_this<ChunkedStream> {
 public:
  ChunkedStream(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection, std::uint64_t exchange)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)), exchange_(exchange) {}

  bool send(std::string bytes) override;
  void close() override;
  void on_close(std::function<void()> handler) override;

  /// What comes after the bytes that take() gave. After `more` the loop comes again without being woken.
  enum class Ending { none, more, closed, overflowed };

  /// Loop only: moves what waits to the end of `out`, framed as one chunk if wanted, until `out` holds `bytes_max` or a
  /// little more.
  Ending take(std::string& out, bool chunked, std::size_t bytes_max);
  bool overflowed();
  /// Nothing is sent any more. Runs the handler of on_close() the first time that there is one.
  void end();

 private:
  enum class State { open, closed, overflowed, over };

  void wake();

  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;

  std::mutex mutex_;
  std::string waiting_;  ///< at most limits::kStreamBytes, or one larger piece; the first `taken_` of it have gone
  std::size_t taken_ = 0;
  State state_ = State::open;
  bool awaited_ = false;  ///< the loop has been woken and has not come yet
  std::function<void()> on_close_;
};

}  // namespace troupe::ingress
