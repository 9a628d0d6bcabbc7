#include "ingress/observed_responder.hpp"

#include <utility>

namespace troupe::ingress {

ObservedResponder::ObservedResponder(const Request& request, std::string_view route, std::string_view trace_id,
                                     std::shared_ptr<Responder> next, Metrics& metrics, Log& log)
    : method_(request.method),
      path_(request.path),
      request_id_(request.request_id),
      trace_id_(trace_id),
      route_(route),
      next_(std::move(next)),
      metrics_(metrics),
      log_(log) {}

void ObservedResponder::respond(Response response) {
  answered(response.status);
  next_->respond(std::move(response));
}

std::shared_ptr<Stream> ObservedResponder::start_stream(Response head) {
  answered(head.status);
  return next_->start_stream(std::move(head));
}

void ObservedResponder::after(Millis delay, std::function<void()> function) {
  next_->after(delay, std::move(function));
}

void ObservedResponder::answered(int status) {
  const auto took = std::chrono::steady_clock::now() - since_;
  metrics_.request_answered(route_, method_, status, took);
  // The server's own failures are news at any time; the rest is for who looks closely, also that it refused work (503).
  log_.write(status >= 500 && status != 503 ? log::Level::warning : log::Level::debug, "request answered",
             {{"method", method_},
              {"path", path_},
              {"status", status},
              {"seconds", std::chrono::duration<double>(took).count()},
              {"request", request_id_},
              {"trace", trace_id_}});
}

}  // namespace troupe::ingress
