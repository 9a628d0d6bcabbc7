// The HttpClient port over libcurl. One thread of its own drives every transfer with curl_multi_poll; connections are
// kept and reused. HTTP/1.1, and HTTP/2 where TLS negotiates it.
//
// Every connection is shown to the egress policy with the address it is about to go to, after name resolution, and every
// redirect is checked as a new URL. Proxies named in the environment are ignored.
#pragma once

#include <memory>
#include <string>

#include "net/egress_policy.hpp"
#include "troupe/port/http_client.hpp"

namespace troupe {

struct HttpClientOptions {
  std::string user_agent = "troupe";
  Millis connect_timeout{10'000};        ///< of one connection, name resolution included; 100 ms … 5 min
  long connections_max = 512;            ///< open at once; further calls wait their turn (their time-out runs)
  long connections_per_host_max = 128;
  int redirects_max = 10;
  std::size_t response_header_bytes_max = 64 << 10;
  std::string ca_file;                   ///< PEM; empty: the system's certificates
  /// http://host:port; empty: none. The proxy then resolves names and connects, so addresses cannot be checked here any
  /// more: only URLs are. Whoever sets this gives the egress rules to the proxy.
  std::string proxy;
};

class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(HttpClientOptions options, EgressPolicy policy);
  /// Cancels what is under way; every reply has been called when it returns. Not to be run from within a reply.
  ~CurlHttpClient() override;

  CallId send(HttpRequest request, Reply reply) override;
  void cancel(CallId call) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace troupe
