#include "actors/ingress/rate_limits.hpp"

#include <algorithm>

namespace troupe {
namespace {

// Two looks a call free at least as many buckets as calls make, once they are full; more when there is no room.
constexpr std::size_t kLooks = 2;
constexpr std::size_t kLooksWhenFull = 16;

/// No policy's name holds a NUL. The bucket that late-comers share has no second part.
std::string id_of(const RateLimits::Claim& claim) { return claim.policy + '\0' + '=' + claim.key; }
std::string shared_id_of(const RateLimits::Claim& claim) { return claim.policy + '\0'; }

RateLimitState state_of(const RateLimits::Claim& claim, TokenBucket& bucket, Millis now) {
  return {claim.policy, claim.limit, bucket.remaining(now), bucket.until_next(now)};
}

void sort_tightest_first(RateLimitStates& states) {
  std::stable_sort(states.begin(), states.end(), [](const RateLimitState& left, const RateLimitState& right) {
    return left.remaining != right.remaining ? left.remaining < right.remaining : left.until_next > right.until_next;
  });
}

}  // namespace

void RateTicket::settle(void (TokenBucket::*how)(TokenBucket::Loan loan, Millis now)) {
  if (limits_ != nullptr) std::exchange(limits_, nullptr)->settle(tokens_, how);
}

RateLimits::Taken RateLimits::take(const std::vector<Claim>& claims) {
  const Millis now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  make_room(claims.size(), now);
  std::vector<Entry*> entries;
  for (const Claim& claim : claims) entries.push_back(&entry_of(claim, now));

  Taken taken;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Millis wait = entries[i]->bucket.wait(now);
    if (wait <= taken.retry_after) continue;
    taken.retry_after = wait;
    taken.latest = i;
  }
  if (taken.retry_after == Millis(0)) {
    std::vector<RateTicket::Token> tokens;
    for (Entry* entry : entries) tokens.push_back({entry->id, entry->serial, entry->bucket.take(now)});
    taken.ticket = std::make_shared<RateTicket>(shared_from_this(), std::move(tokens));
  }
  for (std::size_t i = 0; i < claims.size(); ++i) taken.states.push_back(state_of(claims[i], entries[i]->bucket, now));
  sort_tightest_first(taken.states);
  return taken;
}

RateLimitState RateLimits::look(const Claim& claim) {
  const Millis now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id_of(claim));
  TokenBucket bucket = found == by_id_.end() ? TokenBucket(claim.limit, now) : found->second->bucket;
  return state_of(claim, bucket, now);
}

std::size_t RateLimits::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

RateLimits::Entry& RateLimits::entry_of(const Claim& claim, Millis now) {
  std::string id = id_of(claim);
  auto found = by_id_.find(id);
  if (found == by_id_.end() && entries_.size() >= buckets_most_) {
    id = shared_id_of(claim);
    found = by_id_.find(id);
  }
  if (found == by_id_.end()) {
    const auto made = entries_.insert(hand_, Entry{std::move(id), ++made_, TokenBucket(claim.limit, now)});
    found = by_id_.emplace(made->id, made).first;
  }
  found->second->bucket.change(claim.limit, now);  // another version of the workflow may have another
  return *found->second;
}

/// Before any of the claims' buckets is looked up: none of them must be dropped while it is held.
void RateLimits::make_room(std::size_t claims, Millis now) {
  drop_full(kLooks, now);
  if (entries_.size() + claims > buckets_most_) drop_full(kLooksWhenFull, now);
}

void RateLimits::drop_full(std::size_t looks, Millis now) {
  for (looks = std::min(looks, entries_.size()); looks > 0; --looks) {
    if (hand_ == entries_.end()) hand_ = entries_.begin();
    const auto looked_at = hand_++;
    if (!looked_at->bucket.is_full(now)) continue;
    by_id_.erase(looked_at->id);
    entries_.erase(looked_at);
  }
}

void RateLimits::settle(const std::vector<RateTicket::Token>& tokens,
                        void (TokenBucket::*how)(TokenBucket::Loan loan, Millis now)) {
  const Millis now = clock_.monotonic();
  const std::lock_guard lock(mutex_);
  for (const RateTicket::Token& token : tokens) {
    const auto found = by_id_.find(token.bucket);
    // Another serial: it had been full meanwhile, and was dropped.
    if (found != by_id_.end() && found->second->serial == token.serial) (found->second->bucket.*how)(token.loan, now);
  }
}

}  // namespace troupe
