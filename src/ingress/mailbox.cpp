#include "ingress/mailbox.hpp"

#include <boost/asio/post.hpp>

#include "ingress/chunked_stream.hpp"
#include "ingress/connection.hpp"

namespace troupe::ingress {
namespace {

/// Nobody is left to take it. A stream has to hear of its end; all else may be dropped.
void give_up(Delivery& delivery) {
  if (auto* start = std::get_if<StreamStart>(&delivery.payload)) start->stream->end();
  if (auto* over = std::get_if<StreamOver>(&delivery.payload)) over->stream->end();
}

}  // namespace

void Mailbox::put(Delivery delivery) {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) {
      waiting_.push_back(std::move(delivery));
      // Under the lock, so that the loop cannot go away in between.
      if (waiting_.size() == 1) boost::asio::post(io_, [self = shared_from_this()] { self->hand_out(); });
      return;
    }
  }
  give_up(delivery);
}

void Mailbox::hand_out() {
  {
    std::lock_guard lock(mutex_);
    in_hand_.swap(waiting_);
  }
  for (auto& delivery : in_hand_) {
    if (auto connection = delivery.to.lock(); connection && connection->expects(delivery.exchange)) {
      connection->deliver(std::move(delivery.payload));
    } else {
      give_up(delivery);
    }
  }
  in_hand_.clear();
}

void Mailbox::close() {
  std::vector<Delivery> left;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(waiting_);
  }
  for (auto& delivery : left) give_up(delivery);
}

}  // namespace troupe::ingress
