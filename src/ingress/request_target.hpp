// The target of a request line, split and decoded. Pure; used by the request parser only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::ingress {

struct RequestTarget {
  std::string path;   ///< percent-decoded UTF-8
  std::string query;  ///< as sent, without '?'
};

/// Takes all four forms of RFC 9112: `/path?query`, `http://host/path?query`, `*`, and for CONNECT `host:port`.
/// Nothing if the form is wrong, an escape is broken or stands for NUL, or the decoded path is not UTF-8.
std::optional<RequestTarget> parse_target(std::string_view method, std::string_view target);

}  // namespace troupe::ingress
