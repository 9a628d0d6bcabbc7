// An engaged kill switch as the JSON document of its row in `setting`:
//
//   {"scope": text, "target"?: text, "mode": text, "reason": text, "engaged_by": text, "engaged_at": RFC 3339}
#pragma once

#include "codec/json.hpp"
#include "troupe/domain/kill_switch.hpp"

namespace troupe {

Document kill_switch_to_document(const KillSwitch& kill_switch);
/// Fails with store_corrupt.
Result<KillSwitch> kill_switch_from_document(std::string_view id, const Document& document);

/// What a record says of it.
Json kill_switch_details(const KillSwitch& kill_switch);

}  // namespace troupe
