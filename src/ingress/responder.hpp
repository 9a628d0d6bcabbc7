// The server's Responder: carries the answer of one request to its connection, from whatever thread it comes.
#pragma once

#include <atomic>
#include <memory>

#include "ingress/mailbox.hpp"

namespace troupe::ingress {

class ConnectionResponder final : public Responder {
 public:
  ConnectionResponder(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection, std::uint64_t exchange)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)), exchange_(exchange) {}
  ~ConnectionResponder() override;

  void respond(Response response) override;
  std::shared_ptr<Stream> start_stream(Response head) override;
  void read_body(std::shared_ptr<BodySink> sink) override;
  void read_on() override;
  void after(Millis delay, std::function<void()> function) override;

 private:
  void put(Payload payload);
  /// At once where the handler is being called by the connection right now, which needs no detour then.
  void put_or_deliver(Payload payload);
  void set_answered();

  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;
  std::atomic<bool> answered_{false};
};

}  // namespace troupe::ingress
