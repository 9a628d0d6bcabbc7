#include "ingress/responder.hpp"

#include "ingress/chunked_stream.hpp"
#include "ingress/connection.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::ingress {

ConnectionResponder::~ConnectionResponder() {
  if (!answered_.load(std::memory_order_relaxed)) put(Unanswered{});
}

void ConnectionResponder::respond(Response response) {
  set_answered();
  put_or_deliver(std::move(response));
}

void ConnectionResponder::read_body(std::shared_ptr<BodySink> sink) { put_or_deliver(BodyWanted{std::move(sink)}); }

void ConnectionResponder::read_on() { put(BodyRoom{}); }

// Only while the handler is being called: from anywhere else on the loop, answering could run the handler for the next
// request under a lock that the caller holds.
void ConnectionResponder::put_or_deliver(Payload payload) {
  if (mailbox_->is_on_loop()) {
    if (auto connection = connection_.lock(); connection && connection->is_dispatching(exchange_)) {
      connection->deliver(std::move(payload));
      return;
    }
  }
  put(std::move(payload));
}

std::shared_ptr<Stream> ConnectionResponder::start_stream(Response head) {
  set_answered();
  auto stream = std::make_shared<ChunkedStream>(mailbox_, connection_, exchange_);
  put(StreamStart{std::move(head), stream});
  return stream;
}

void ConnectionResponder::after(Millis delay, std::function<void()> function) {
  put(Delay{delay, std::move(function)});
}

void ConnectionResponder::put(Payload payload) { mailbox_->put({connection_, exchange_, std::move(payload)}); }

void ConnectionResponder::set_answered() {
  const bool answered_before = answered_.exchange(true);
  TROUPE_ASSERT(!answered_before, "a request is answered once");
}

}  // namespace troupe::ingress
