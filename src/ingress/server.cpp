#include "ingress/server.hpp"

#include <sys/resource.h>

#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include "ingress/event_loop.hpp"
#include "ingress/server_context.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::ingress {
namespace {

using boost::asio::ip::tcp;

/// Systems start programs with 1024 descriptors for the sake of select(), which nothing here uses.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // if refused, accept() runs into the old limit and says so
}

Result<tcp::endpoint> resolve(const std::string& host, std::uint16_t port) {
  boost::system::error_code ec;
  boost::asio::io_context io;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, ec);
  if (ec || found.empty()) return {ErrorCode::io_failed, "Cannot resolve " + host + ": " + ec.message() + '.'};
  return found.begin()->endpoint();
}

class HttpServer final : public Server {
 public:
  HttpServer(ServerOptions options, Handler handler, RenderError render_error)
      : context_(std::move(options), std::move(handler), std::move(render_error)) {}
  ~HttpServer() override { stop(Millis(0)); }

  Result<Done> bind();

  std::uint16_t port() const override { return loops_.front()->port(); }
  void start() override;
  void stop(Millis grace) override;
  std::size_t connections() const override { return context_.open(); }

 private:
  ServerContext context_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::mutex mutex_;
  bool started_ = false, stopped_ = false;
};

Result<Done> HttpServer::bind() {
  auto endpoint = resolve(context_.options.host, context_.options.port);
  if (!endpoint) return endpoint.error();
  const bool shared = context_.options.threads > 1;
  if (shared) {
    // SO_REUSEPORT lets any process of this user join in. A plain socket finds out whether one is there already.
    EventLoop probe(context_);
    if (auto alone = probe.listen(*endpoint, false); !alone) return alone;
  }
  for (int i = 0; i < context_.options.threads; ++i) {
    auto& loop = loops_.emplace_back(std::make_unique<EventLoop>(context_));
    context_.loops.push_back(loop.get());
    if (auto listening = loop->listen(*endpoint, shared); !listening) return listening;
    endpoint->port(loop->port());
  }
  return Done{};
}

void HttpServer::start() {
  std::lock_guard lock(mutex_);
  TROUPE_ASSERT(!started_ && !stopped_, "a server is started once");
  started_ = true;
  for (const auto& loop : loops_) loop->start();
}

void HttpServer::stop(Millis grace) {
  std::lock_guard lock(mutex_);
  if (std::exchange(stopped_, true) || !started_) return;
  for (const auto& loop : loops_) loop->begin_stop();
  context_.wait_until_empty(grace);
  context_.content_readers.stop();
  context_.content_readers.join();
  for (const auto& loop : loops_) loop->finish_stop();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(ServerOptions options, Handler handler, RenderError render_error) {
  TROUPE_ASSERT(options.threads > 0 && options.connections > 0, "a server has a thread and takes a connection");
  TROUPE_ASSERT(handler && render_error, "a server has a handler");
  raise_descriptor_limit();
  try {
    auto server = std::make_unique<HttpServer>(std::move(options), std::move(handler), std::move(render_error));
    if (auto bound = server->bind(); !bound) return std::move(bound).error();
    return std::unique_ptr<Server>(std::move(server));
  } catch (const boost::system::system_error& error) {  // Asio's loops throw if there are no descriptors for them
    return {ErrorCode::io_failed, std::string("Cannot set up an event loop: ") + error.what()};
  }
}

}  // namespace troupe::ingress
