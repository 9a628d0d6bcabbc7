// http and https URLs, read by libcurl's own parser: what is checked is then exactly what is connected to.
#pragma once

#include <string>
#include <string_view>

#include "troupe/base/result.hpp"

namespace troupe {

struct Url {
  std::string text;    ///< normalised, host in punycode, without a fragment
  std::string scheme;  ///< http or https
  std::string host;    ///< lower case, punycode, without brackets and trailing dot
  std::string port;    ///< always set
  std::string path;

  std::string authority() const;  ///< host:port, IPv6 in brackets
  bool same_origin(const Url& other) const;
  /// For logs and errors: a query may hold secrets and is left out.
  std::string display() const;
};

/// Fails with invalid_config: not absolute, not http(s), no host, or with credentials in it (they belong in a header,
/// where they are not logged).
Result<Url> parse_url(std::string_view text);
/// Where a Location header leads.
Result<Url> resolve_url(const Url& base, std::string_view reference);

}  // namespace troupe
