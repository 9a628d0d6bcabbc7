#include "ingress/live_stream.hpp"

#include <utility>

namespace troupe::ingress {

std::shared_ptr<LiveStream> LiveStream::start(const ExchangePtr& exchange, std::string_view content_type) {
  Response head;
  head.headers = {{"Content-Type", std::string(content_type)},
                  {"Cache-Control", "no-store"},
                  {"X-Accel-Buffering", "no"}};  // nginx would hold events back
  std::shared_ptr<LiveStream> live(new LiveStream(exchange, exchange->responder->start_stream(std::move(head))));
  live->stream_->on_close([keep = live]() mutable {
    const auto self = std::exchange(keep, nullptr);
    if (self) self->stop();
  });
  return live;
}

void LiveStream::subscribe(EventFilter filter, std::optional<std::uint64_t> after_seq,
                           std::function<void(const LiveEventPtr&)> on_event) {
  auto subscription =
      exchange_->gateway.subscribe(exchange_->caller, std::move(filter), after_seq, std::move(on_event));
  const std::lock_guard lock(mutex_);
  if (!over_) std::swap(subscription_, subscription);
}

void LiveStream::every(Millis interval, std::function<void()> beat) {
  exchange_->responder->after(interval, [self = shared_from_this(), interval, beat = std::move(beat)]() mutable {
    {
      const std::lock_guard lock(self->mutex_);
      if (self->over_) return;
    }
    beat();
    self->every(interval, std::move(beat));
  });
}

void LiveStream::stop() {
  std::unique_ptr<Subscription> subscription;
  const std::lock_guard lock(mutex_);
  over_ = true;
  std::swap(subscription_, subscription);
}

}  // namespace troupe::ingress
