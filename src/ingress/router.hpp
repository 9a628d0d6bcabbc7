// Finds the route of a request: literal pieces win over `{…}`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingress/route.hpp"

namespace troupe::ingress {

struct Match {
  const Route* route = nullptr;     ///< null: nothing answers; then `allow` tells 404 from 405
  std::vector<std::string> values;  ///< what stood at the `{…}`, in order
  std::string allow;                ///< the methods that this path answers, for Allow; empty: no such path
};

/// Immutable; thread-safe.
class Router {
 public:
  explicit Router(const std::vector<Route>& routes);
  /// HEAD is answered by the GET route; the server leaves the body out.
  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Entry {
    const Route* route;
    std::vector<std::string_view> pieces;
    std::size_t literals;
  };
  std::vector<Entry> entries_;  // those with more literal pieces first
};

}  // namespace troupe::ingress
