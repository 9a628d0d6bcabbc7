// What an approval asks for, from its evaluated configuration, and what it gives. Private to the expr room.
#pragma once

#include <vector>

#include "codec/json.hpp"
#include "troupe/domain/evaluator.hpp"

namespace troupe {

struct ReadApproval {
  Evaluator::ApprovalAsk ask;
  std::vector<Json> assets;  ///< as the configuration has them, in the order of ask.assets
};

/// `{assets, min_approved?, min_approvers?, on_expiry?}`. Fails with invalid_config; the message begins with the
/// pointer of the member.
Result<ReadApproval> read_approval(const Json& config);

/// `{approved, rejected, decisions, expired?}`: the assets as they were given, with their status; the decisions about
/// them in the order in which they were made.
Json approval_outputs(const ReadApproval& approval, const Bitmap& approved, const Bitmap& rejected, bool expired,
                      const std::vector<Review>& reviews);

}  // namespace troupe
