// A Responder that tells the metrics and the log how its request was answered, and hands the answer on.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "ingress/http.hpp"
#include "troupe/port/log.hpp"
#include "troupe/port/metrics.hpp"

namespace troupe::ingress {

class ObservedResponder final : public Responder {
 public:
  /// `route` is the pattern of the route table and lives as long as the program. `next`, `metrics` and `log` as usual.
  ObservedResponder(const Request& request, std::string_view route, std::string_view trace_id,
                    std::shared_ptr<Responder> next, Metrics& metrics, Log& log);

  void respond(Response response) override;
  /// A stream counts as answered when it starts.
  std::shared_ptr<Stream> start_stream(Response head) override;
  void read_body(std::shared_ptr<BodySink> sink) override { next_->read_body(std::move(sink)); }
  void read_on() override { next_->read_on(); }
  void after(Millis delay, std::function<void()> function) override;

 private:
  void answered(int status);

  std::string method_, path_, request_id_, trace_id_;
  std::string_view route_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::shared_ptr<Responder> next_;
  Metrics& metrics_;
  Log& log_;
};

}  // namespace troupe::ingress
