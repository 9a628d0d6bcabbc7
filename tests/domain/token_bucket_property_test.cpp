// What a bucket promises, in every course of things: no more, no less, and at the time it tells.
#include "troupe/domain/token_bucket.hpp"

#include <deque>
#include <vector>

#include "domain/property.hpp"

namespace troupe {
namespace {

RateLimit random_limit(Choices& choices) {
  static const std::vector<Millis> kPers = {Millis(1'000), Millis(7'000), Millis(60'000), Millis(3'600'000),
                                            RateLimit::kPerMost};
  const auto count = [&] { return 1 + (choices.chance(10) ? choices.number(RateLimit::kMost) : choices.number(12)); };
  RateLimit limit;
  limit.per = choices.one_of(kPers);
  limit.limit = count();
  limit.burst = count();
  return limit;
}

/// Steps about as long as a token takes to come, and now and then far longer.
Millis random_step(Choices& choices, const RateLimit& limit) {
  const auto token = static_cast<std::uint32_t>(std::min<std::int64_t>(limit.per.count() / limit.limit + 1, 60'000));
  if (choices.chance(3)) return limit.per * choices.number(40);
  return Millis(choices.number(2 * token));
}

/// (jobs − burst) × per ≤ limit × time, in every window that begins and ends with one of the times.
void require_kept(const RateLimit& limit, const std::vector<Millis>& accepted) {
  for (std::size_t first = 0; first < accepted.size(); ++first)
    for (std::size_t last = first; last < accepted.size(); ++last) {
      const auto beyond_burst = static_cast<std::int64_t>(last - first + 1) - limit.burst;
      const std::int64_t time = (accepted[last] - accepted[first]).count();
      // By doubles: the products of the greatest numbers do not fit 64 bits.
      require(static_cast<double>(beyond_burst) * static_cast<double>(limit.per.count()) <=
                  static_cast<double>(limit.limit) * static_cast<double>(time) * (1 + 1e-12),
              "no more than burst + rate × time are let in, in whatever window");
    }
}

TEST(TokenBucketProperty, LetsNoMoreInThanItsLimitAlsoWhereTokensAreGivenBack) {
  check_property(
      [](Choices& choices) {
        const RateLimit limit = random_limit(choices);
        Millis now(choices.number(1'000));
        TokenBucket bucket(limit, now);
        struct Taken {
          Millis at;
          TokenBucket::Loan loan;
        };
        std::deque<Taken> open;  // taken, and it is not known yet whether anything comes of it
        std::vector<Millis> accepted;
        const auto settle = [&] {
          if (choices.chance(40)) {
            bucket.give_back(open.front().loan, now);
          } else {
            bucket.use(open.front().loan, now);
            accepted.push_back(open.front().at);
          }
          open.pop_front();
        };
        while (!choices.empty()) {
          now += random_step(choices, limit);
          for (std::uint32_t asks = 1 + choices.number(4); asks > 0; --asks)
            if (bucket.wait(now) == Millis(0)) open.push_back({now, bucket.take(now)});
          while (!open.empty() && choices.chance(50)) settle();
        }
        while (!open.empty()) settle();
        require_kept(limit, accepted);
      },
      20);
}

TEST(TokenBucketProperty, LetsAllInThatItsLimitAllowsWhereTheyAskSteadily) {
  check_property(
      [](Choices& choices) {
        RateLimit limit = random_limit(choices);
        limit.per = Millis(1'000) * (1 + choices.number(5));
        limit.limit = 1 + limit.limit % 500;
        limit.burst = 1 + limit.burst % 500;
        const Millis start(choices.number(1'000)), time(choices.number(20'000));
        TokenBucket bucket(limit, start);
        std::int64_t let_in = 0;
        for (Millis now = start; now <= start + time; now += Millis(1))
          for (; bucket.wait(now) == Millis(0); ++let_in) bucket.take(now);
        require(let_in == limit.burst + time.count() * limit.limit / limit.per.count(),
                "whoever asks all the time is let in burst + rate × time times");
      },
      200);
}

TEST(TokenBucketProperty, TellsTheTruthAboutTheNextToken) {
  check_property(
      [](Choices& choices) {
        const RateLimit limit = random_limit(choices);
        Millis now(choices.number(1'000));
        TokenBucket bucket(limit, now);
        while (!choices.empty()) {
          now += random_step(choices, limit);
          const Millis wait = bucket.wait(now);
          require((wait == Millis(0)) == (bucket.remaining(now) > 0), "who need not wait finds a token");
          if (wait == Millis(0)) {
            const std::uint32_t before = bucket.remaining(now);
            bucket.take(now);
            require(bucket.remaining(now) == before - 1, "a job takes one token");
            const Millis next = bucket.until_next(now);
            TokenBucket later = bucket;
            require(later.remaining(now + next - Millis(1)) == before - 1, "the next token does not come earlier");
            require(later.remaining(now + next) >= before, "the next token comes when it is told");
          } else {
            TokenBucket later = bucket;
            require(later.wait(now + wait - Millis(1)) > Millis(0), "nobody is told to wait for longer than he must");
            require(later.wait(now + wait) == Millis(0), "who comes when he is told finds a token");
          }
        }
      },
      10);
}

}  // namespace
}  // namespace troupe
