// The buckets of a node's rate limits: one for each client that has a limit, one for each workflow that has one, or for
// each value of its key. Read and changed by the threads that take jobs, so it is no actor.
//
//   take ──► every limit has a token: one of each is taken ──► RateTicket ── use(): the job is accepted
//       └──► one has none: nothing is taken, and it is told when all will have      └─ dropped: given back
//
// Buckets are soft: after a restart all are full. A bucket that is full again is as good as none, and is dropped. At
// most `buckets_most` are kept; beyond that, whoever comes new shares one bucket with all others of the same limit that
// came new: so a flood of made-up names cannot take memory, nor get more through than a limit lets in once.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "troupe/base/clock.hpp"
#include "troupe/base/result.hpp"
#include "troupe/domain/token_bucket.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

/// As the server's configuration has it. A limit of 0 is none.
struct ClientRates {
  RateLimit all;                           ///< of each client that is not named
  std::map<std::string, RateLimit> named;  ///< of this client alone

  const RateLimit& of(const std::string& client) const {
    const auto found = named.empty() ? named.end() : named.find(client);
    return found == named.end() ? all : found->second;
  }
};

class RateLimits;

/// Tokens that were taken for one job. Thread-safe in so far as one thread has it.
class RateTicket {
 public:
  /// Of which bucket, and which of all that were ever made under that name.
  struct Token {
    std::string bucket;
    std::uint64_t serial = 0;
    TokenBucket::Loan loan = 0;
  };
  RateTicket(std::shared_ptr<RateLimits> limits, std::vector<Token> tokens)
      : limits_(std::move(limits)), tokens_(std::move(tokens)) {}
  ~RateTicket() { give_back(); }
  RateTicket(const RateTicket&) = delete;
  RateTicket& operator=(const RateTicket&) = delete;

  /// The job is accepted.
  void use() { settle(&TokenBucket::use); }
  /// It is not, or was before. So it is when the ticket is dropped.
  void give_back() { settle(&TokenBucket::give_back); }

 private:
  void settle(void (TokenBucket::*how)(TokenBucket::Loan loan, Millis now));

  std::shared_ptr<RateLimits> limits_;  ///< null: it is settled
  const std::vector<Token> tokens_;
};
/// Null where no limit applies.
using RateTicketPtr = std::shared_ptr<RateTicket>;

/// Thread-safe. Every call costs O(1). Tickets keep it alive.
class RateLimits : public std::enable_shared_from_this<RateLimits> {
 public:
  static constexpr std::size_t kBucketsMost = 100'000;  ///< some 25 MB

  explicit RateLimits(Clock& clock, std::size_t buckets_most = kBucketsMost)
      : clock_(clock), buckets_most_(buckets_most) {}

  /// A limit that a job meets.
  struct Claim {
    std::string policy;  ///< RateLimitState::policy
    std::string key;     ///< which of the policy's buckets
    RateLimit limit;
  };
  struct Taken {
    RateTicketPtr ticket;    ///< null: refused
    std::size_t latest = 0;  ///< refused: of the claims, the one that lets in the next job latest
    Millis retry_after{0};   ///< refused: until all claims let one in
    RateLimitStates states;  ///< afterwards
  };
  Taken take(const std::vector<Claim>& claims);

  RateLimitState look(const Claim& claim);
  std::size_t size() const;

 private:
  friend class RateTicket;
  struct Entry {
    std::string id;
    std::uint64_t serial;
    TokenBucket bucket;
  };
  using Entries = std::list<Entry>;

  Entry& entry_of(const Claim& claim, Millis now);
  void make_room(std::size_t claims, Millis now);
  void drop_full(std::size_t looks, Millis now);
  void settle(const std::vector<RateTicket::Token>& tokens,
              void (TokenBucket::*how)(TokenBucket::Loan loan, Millis now));

  Clock& clock_;
  const std::size_t buckets_most_;
  mutable std::mutex mutex_;
  std::uint64_t made_ = 0;
  Entries entries_;
  Entries::iterator hand_ = entries_.end();  ///< where full buckets are looked for next
  std::unordered_map<std::string_view, Entries::iterator> by_id_;
};

}  // namespace troupe
