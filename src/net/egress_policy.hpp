// Where outgoing HTTP may go. The HTTP client asks at every connection, with the address that the name resolved to, so
// neither DNS rebinding nor a redirect gets around it; check_url() is for refusing a callback URL before it is accepted.
//
// Forbidden unless allowed: loopback, private, link-local, shared (CGNAT), multicast, unspecified and reserved networks,
// cloud metadata services, and the IPv6 forms that carry such an IPv4 address. The list of rules is in egress_policy.cpp.
// Immutable and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/ip_address.hpp"
#include "net/url.hpp"
#include "troupe/base/result.hpp"

namespace troupe {

struct EgressOptions {
  /// Set while the server itself listens on loopback only.
  bool allow_loopback = false;
  /// Exceptions: networks (`10.0.0.0/8`), addresses, host names (`shop.internal`) and their subdomains (`*.corp.example`).
  /// A metadata service is opened only by its very address: neither 0.0.0.0/0 nor a host name opens it.
  std::vector<std::string> allow;
};

class EgressPolicy {
 public:
  /// Fails with invalid_configuration, naming every bad entry of `allow`.
  static Result<EgressPolicy> make(const EgressOptions& options);
  /// The defaults: nothing allowed beyond the public Internet.
  EgressPolicy() = default;

  /// By syntax alone; no name is resolved. Fails with invalid_config (no http or https URL) or egress_forbidden.
  Result<Done> check_url(std::string_view url) const;
  Result<Done> check_url(const Url& url) const;
  /// May a connection for `host` (as in Url::host) be opened to `address`? Fails with egress_forbidden, naming the address
  /// and the rule.
  Result<Done> check_address(std::string_view host, const IpAddress& address) const;

 private:
  bool allows_host(std::string_view host) const;
  bool allows_network(const IpAddress& address, bool exactly) const;

  bool allow_loopback_ = false;
  std::vector<Cidr> networks_;
  std::vector<std::string> hosts_;     ///< exact, lower case
  std::vector<std::string> suffixes_;  ///< with their leading dot
};

}  // namespace troupe
