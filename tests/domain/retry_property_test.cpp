#include "domain/property.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {
namespace {

class SeededDice final : public Random {
 public:
  explicit SeededDice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t next() override { return random_.next(); }

 private:
  FastRandom random_;
};

/// Any policy that validation accepts, at the edges often.
RetryPolicy random_policy(Choices& choices) {
  static const std::vector<Millis> kWaits = {
      Millis(0), Millis(1), Millis(999), Millis(60'000), limits::kRunTimeoutMax, Millis(3'153'600'000'000)};
  RetryPolicy policy;
  policy.backoff = static_cast<Backoff>(choices.number(3));
  policy.initial = choices.one_of(kWaits) + Millis(choices.number(1'000));
  policy.max = std::max(policy.initial, choices.one_of(kWaits) + Millis(choices.number(1'000)));
  policy.factor = 1.0 + choices.number(9'901) / 100.0;
  return policy;
}

TEST(RetryDelayProperty, LiesBetweenNothingAndItsMaximumAndNeverShrinks) {
  check_property(
      [](Choices& choices) {
        RetryPolicy policy = random_policy(choices);
        SeededDice dice(choices.number(0xFFFF));
        Millis before(0);
        for (AttemptNumber failed = 1; failed <= limits::kAttemptsMax; ++failed) {
          policy.jitter = Jitter::none;
          const Millis whole = retry_delay(policy, failed, dice);
          require(whole >= Millis(0) && whole <= policy.max, "a wait lies between nothing and the maximum");
          require(whole >= before, "a later attempt waits no shorter");
          if (failed == 1 || policy.backoff == Backoff::fixed)
            require(whole == policy.initial, "the first wait is the initial one");
          before = whole;
          policy.jitter = Jitter::full;
          const Millis part = retry_delay(policy, failed, dice);
          require(part >= Millis(0) && part <= whole, "jitter only shortens a wait");
        }
      },
      20);
}

}  // namespace
}  // namespace troupe
