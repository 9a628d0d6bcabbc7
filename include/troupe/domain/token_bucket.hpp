// A rate limit at work: a bucket that holds `burst` tokens, is full at first, and gets `limit` new ones every `per`.
// Each job takes one; without one it is not let in.
//
//   in any time t, at most burst + limit × t / per jobs are let in, and no fewer where that many ask
//
// Exact, in whole numbers: a token is as many parts as `per` has milliseconds, so each millisecond brings `limit`
// parts. Pure: the time is passed in, of a clock that is not set back (an earlier time than before counts as that one).
#pragma once

#include <algorithm>
#include <cstdint>

#include "troupe/base/assert.hpp"
#include "troupe/domain/rate_limit.hpp"

namespace troupe {

class TokenBucket {
 public:
  TokenBucket(const RateLimit& limit, Millis now) : limit_(limit), at_(now), parts_(capacity()) {
    TROUPE_ASSERT(limit.exists() && limit.per > Millis(0) && limit.burst > 0, "a bucket keeps a limit");
  }

  /// How long until there is a token; zero: there is one.
  Millis wait(Millis now) {
    refill(now);
    return parts_ >= token() ? Millis(0) : time_for(token() - parts_);
  }

  /// Of a token that was taken: what had overflowed by then.
  using Loan = std::int64_t;

  /// Only where there is one. It is lent until use() or give_back().
  Loan take(Millis now) {
    TROUPE_ASSERT(wait(now) == Millis(0), "there is no token to take");
    parts_ -= token();
    lent_ += token();
    return overflowed_;
  }
  /// It came to its end.
  void use(Loan loan, Millis now) {
    refill(now);
    lent_ -= left_of(loan);
  }
  /// Nothing came of it. As much of it goes back as would be there still: had it never been taken, the bucket would
  /// have overflowed earlier. Else those who are let in later could be more than the limit has it.
  void give_back(Loan loan, Millis now) {
    refill(now);
    const std::int64_t back = left_of(loan);
    lent_ -= back;
    parts_ += back;
  }

  std::uint32_t remaining(Millis now) {
    refill(now);
    return static_cast<std::uint32_t>(parts_ / token());
  }

  /// How long until there is one more; zero: it is full.
  Millis until_next(Millis now) {
    refill(now);
    return parts_ == capacity() ? Millis(0) : time_for(token() - parts_ % token());
  }

  bool is_full(Millis now) {
    refill(now);
    return parts_ == capacity();
  }

  /// Goes on under another limit: what was missing is missing still, as far as the new bucket can miss it.
  void change(const RateLimit& limit, Millis now) {
    if (limit == limit_) return;
    refill(now);
    const std::int64_t missing = (capacity() - parts_ + token() - 1) / token();
    limit_ = limit;
    parts_ = std::max<std::int64_t>(0, capacity() - missing * token());
    overflowed_ += token() + lent_;  // of what was lent under the limit before, nothing comes back
    lent_ = 0;
  }

 private:
  std::int64_t token() const { return limit_.per.count(); }
  std::int64_t capacity() const { return token() * limit_.burst; }
  Millis time_for(std::int64_t parts) const { return Millis((parts + limit_.limit - 1) / limit_.limit); }

  void refill(Millis now) {
    if (now <= at_) return;
    const Millis passed = now - at_;
    // Not `passed × limit`: after years of rest that is too large a number.
    parts_ = passed >= time_for(capacity() - parts_) ? capacity() : parts_ + passed.count() * limit_.limit;
    const std::int64_t room = capacity() - parts_;
    overflowed_ += std::max<std::int64_t>(0, lent_ - room);
    lent_ = std::min(lent_, room);
    at_ = now;
  }
  /// Each loan bears all that overflowed since it was made, so that together they never come to more than is lent.
  std::int64_t left_of(Loan loan) const {
    return std::max<std::int64_t>(0, std::min(lent_, token() - (overflowed_ - loan)));
  }

  RateLimit limit_;
  Millis at_;
  std::int64_t parts_;
  std::int64_t lent_ = 0;  ///< parts that may come back; with those that are there, no more than there is room for
  std::int64_t overflowed_ = 0;  ///< of what was lent
};

}  // namespace troupe
