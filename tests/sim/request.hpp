// What clients want, and what they post to get it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/life.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::sim {

/// A job that a client wants. With a job_id or an Idempotency-Key it is posted again until it is answered.
struct Wish {
  std::uint64_t number = 0;
  SubmitJob job;
  int posts = 0;
  bool answered = false;
  bool can_be_repeated() const { return !job.job_id.empty() || job.idempotency.has_value(); }
};
using WishPtr = std::shared_ptr<Wish>;

enum class Ask : std::uint8_t { submit, cancel, retry, signal, review, resolve, read, wait, other };

/// What a change of a job is asked for with.
struct Particulars {
  std::optional<IdempotencyKey> key;
  std::optional<ReviewImages> review;
  std::optional<RetryJob> retry;
};

/// One request to one node.
struct Request {
  std::uint64_t number = 0;
  Ask ask = Ask::other;
  LifePtr life;  ///< to whom
  Timestamp at = kNever;
  int answers = 0;

  WishPtr wish;                ///< of a submit
  std::optional<JobId> job;    ///< of all others
  std::uint64_t seq_then = 0;  ///< of that job, as it was durable when the request was made
  std::optional<Digest> key;   ///< of a change: its Idempotency-Key, which several requests may have
  std::optional<ReviewImages> review;
  std::optional<RetryJob> retry;
  std::shared_ptr<RateLimitStates> limits;  ///< of a submit and a retry: the rate limits that it is told it met
  std::function<void()> lost;               ///< told when the node dies without an answer; may be empty

  /// By this its job, and its records, name it.
  std::string mark() const { return "r" + std::to_string(number); }
};
using RequestPtr = std::shared_ptr<Request>;

}  // namespace troupe::sim
