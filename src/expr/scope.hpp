// What expressions see: one JSON object, and the same as a jq value, made when jq is first needed and then kept, so
// that a run with thousands of results does not convert them for each expression.
#pragma once

extern "C" {
#include <jv.h>
}

#include <optional>
#include <string>

#include "codec/json.hpp"

namespace troupe {

/// Not thread-safe: jq's reference counts are not. While jq works with it on another thread, its owner must wait.
class Scope {
 public:
  explicit Scope(Json value) : json_(std::move(value)) {}
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  const Json& json() const { return json_; }
  void set(const std::string& name, Json value);
  /// `.steps[name]`, or its item in a list that grows as needed.
  void set_step(const std::string& name, std::optional<std::size_t> item, const Json& outputs);

  /// A new reference, for the caller to free or hand on.
  jv value() const;
  /// Leaves the jq value to a thread that may never give it back.
  void disown() const { jq_.reset(); }

 private:
  Json json_;
  mutable std::optional<jv> jq_;
};

}  // namespace troupe
