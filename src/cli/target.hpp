// A request target: path segments and query parameters, percent-encoded.
#pragma once

#include <string>
#include <string_view>

namespace troupe::cli {

class Target {
 public:
  /// `path` is ours: written as it is.
  explicit Target(std::string path) : text_(std::move(path)) {}

  /// A segment that someone else chose.
  Target& segment(std::string_view text);
  Target& literal(std::string_view path);
  /// Left out if the value is empty.
  Target& query(std::string_view name, std::string_view value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

}  // namespace troupe::cli
