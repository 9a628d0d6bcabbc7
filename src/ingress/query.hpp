// The query of a request: decoded, checked against the parameters that the route knows, then read by type. The first
// fault is kept in error(); a route reads all it wants and looks once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingress/cursor.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/run.hpp"

namespace troupe::ingress {

class Query {
 public:
  Query() = default;
  /// `text` is what follows the '?', as sent. Fails with invalid_query: bad percent-encoding, bytes that are not UTF-8
  /// text, or a parameter given twice.
  static Result<Query> parse(std::string_view text);
  /// Fails with invalid_query, naming the first parameter that is not in `known`, and all that are.
  Result<Done> expect(const std::vector<std::string_view>& known) const;

  std::optional<std::string> text(std::string_view name) const;
  /// Status words of jobs and runs.
  std::optional<Status> status(std::string_view name);
  std::optional<Timestamp> time(std::string_view name);
  bool flag(std::string_view name);
  std::optional<std::uint64_t> number(std::string_view name);
  /// `limit`: 1 … 500, 50 if absent. Else invalid_limit.
  int limit();
  /// The payload of `cursor`. Else invalid_cursor.
  std::optional<std::string> cursor(CursorKind kind);

  const std::optional<Error>& error() const { return error_; }
  void fail(ErrorCode code, std::string message);

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::optional<Error> error_;
};

}  // namespace troupe::ingress
