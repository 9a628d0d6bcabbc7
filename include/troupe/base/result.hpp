// Result<T>: a value or an Error. The only way an expected failure travels in Troupe.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "troupe/base/assert.hpp"
#include "troupe/base/error.hpp"

namespace troupe {

/// What a function gives that has nothing to give: `Result<Done>`.
struct Done {
  bool operator==(const Done&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  Result(ErrorCode code, std::string message, bool retryable = false)
      : state_(std::in_place_index<1>, Error{code, std::move(message), retryable, {}}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    TROUPE_ASSERT(ok(), "value of a failed result");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    TROUPE_ASSERT(ok(), "value of a failed result");
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    TROUPE_ASSERT(!ok(), "error of a successful result");
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    TROUPE_ASSERT(!ok(), "error of a successful result");
    return std::move(*std::get_if<1>(&state_));
  }

  T value_or(T fallback) const& { return ok() ? value() : std::move(fallback); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace troupe
