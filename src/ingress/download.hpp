// The sending of a blob: pieces are read on a thread of the pool, one ahead of the one being sent, so that neither a
// slow disk holds up the loop nor a slow client fills the memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ingress/mailbox.hpp"
#include "ingress/server_context.hpp"

namespace troupe::ingress {

class Download {
 public:
  static constexpr std::size_t kPieceBytes = 256 << 10;

  /// `response` is kept for its head; its content is not empty.
  Download(Response response, ServerContext& context, std::shared_ptr<Mailbox> mailbox,
           std::weak_ptr<Connection> connection, std::uint64_t exchange);

  const Response& response() const { return response_; }
  bool started() const { return started_; }
  bool finished() const { return !reading_ && !ready_ && offset_ == end_; }

  /// A piece has come from the pool. False if it is not what was asked for.
  bool accept(Result<std::string>& bytes);
  /// The next piece if it is there; the one after it is then being read.
  std::optional<std::string> take();

 private:
  void read_next();

  Response response_;
  ServerContext& context_;
  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;
  std::uint64_t offset_, end_;
  std::size_t asked_ = 0;
  bool reading_ = false, started_ = false;
  std::optional<std::string> ready_;
};

}  // namespace troupe::ingress
