#include "store_rules/query_rules.hpp"

#include <algorithm>

namespace troupe::store {
namespace {

/// The smallest id of a millisecond.
JobId first_id_at(Timestamp at) {
  JobId id;
  std::uint64_t ms = static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix_ms(at), 0));
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes[i] = static_cast<std::uint8_t>(ms);
  return id;
}

}  // namespace

JobRange range_of(const JobQuery& query) {
  JobRange range{{}, query.before};
  if (query.created_after) range.from = first_id_at(*query.created_after - kIdSlack);
  if (query.created_before) {
    const JobId below = first_id_at(*query.created_before + kIdSlack);
    range.below = range.below ? std::min(*range.below, below) : below;
  }
  return range;
}

std::string fold_case(std::string_view text) {
  std::string folded(text);
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return folded;
}

}  // namespace troupe::store
