// An answer that goes on as long as events come: ties a Stream to a Subscription, so that the end of either ends both.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ingress/exchange.hpp"

namespace troupe::ingress {

/// Made by start(); kept alive by its stream until that is over. Thread-safe.
class LiveStream : public std::enable_shared_from_this<LiveStream> {
 public:
  /// Answers the exchange with the head of a stream.
  static std::shared_ptr<LiveStream> start(const ExchangePtr& exchange, std::string_view content_type);

  /// Once. `on_event` may hold this object: it is let go when the stream is over.
  void subscribe(EventFilter filter, std::optional<std::uint64_t> after_seq,
                 std::function<void(const LiveEventPtr&)> on_event);
  /// Calls `beat` again and again until the stream is over.
  void every(Millis interval, std::function<void()> beat);

  bool send(std::string bytes) { return stream_->send(std::move(bytes)); }
  void close() { stream_->close(); }
  const std::shared_ptr<Stream>& stream() const { return stream_; }

 private:
  LiveStream(ExchangePtr exchange, std::shared_ptr<Stream> stream)
      : exchange_(std::move(exchange)), stream_(std::move(stream)) {}
  void stop();

  const ExchangePtr exchange_;
  const std::shared_ptr<Stream> stream_;
  std::mutex mutex_;  // guards what follows; never held while a subscription is dropped, for that waits for on_event
  bool over_ = false;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace troupe::ingress
