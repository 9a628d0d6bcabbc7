#include "ingress/rate_limit_headers.hpp"

#include <chrono>

namespace troupe::ingress {
namespace {

using std::chrono::ceil;
using std::chrono::seconds;

std::string number(std::string_view name, std::int64_t value) {
  return ";" + std::string(name) + "=" + std::to_string(value);
}

/// A policy's name holds no character that a string of structured fields would escape.
std::string item(const RateLimitState& state) { return '"' + state.policy + '"'; }

std::string policy_of(const RateLimitState& state) {
  std::string text = item(state) + number("q", state.limit.limit) + number("w", ceil<seconds>(state.limit.per).count());
  if (state.limit.burst != state.limit.limit) text += number("troupe-burst", state.limit.burst);
  return text;
}

std::string remaining_of(const RateLimitState& state) {
  std::string text = item(state) + number("r", state.remaining);
  if (state.until_next > Millis(0)) text += number("t", ceil<seconds>(state.until_next).count());
  return text;
}

std::string list(const RateLimitStates& limits, std::string (*text_of)(const RateLimitState&)) {
  std::string text;
  for (const RateLimitState& state : limits) text += (text.empty() ? "" : ", ") + text_of(state);
  return text;
}

}  // namespace

void add_rate_limits(Headers& headers, const RateLimitStates& limits) {
  if (limits.empty()) return;
  headers.emplace_back("RateLimit-Policy", list(limits, policy_of));
  headers.emplace_back("RateLimit", list(limits, remaining_of));
}

void fail_with_limits(const ExchangePtr& exchange, const Error& error, RateLimitStates limits) {
  if (error.code != ErrorCode::rate_limited) return exchange->fail(error);
  for (RateLimitState& state : limits)
    if (state.remaining > 0) state.until_next = Millis(0);
  Response response = render_problem(error, exchange->request.request_id);
  add_rate_limits(response.headers, limits);
  exchange->respond(std::move(response));
}

}  // namespace troupe::ingress
