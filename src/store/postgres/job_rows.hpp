// A job's two rows (ADR 0017): what was accepted, which never changes, and the state, which also tells until when the
// job is parked. What is bound for each, field by field. Readers see both as one, in the view `job`. Internal to this
// room.
#pragma once

#include "store_sql/tables.hpp"

namespace troupe::store::postgres {

extern const Table kAcceptedTable, kStateFields, kStateUpdateFields;

// What is bound as `due` in place of a time.
inline constexpr int kNotParked = -1, kAsItWas = -2;

void put_accepted(FieldSink& to, const JobRow& row);
void put_state(FieldSink& to, const JobRow& row, const std::optional<Timestamp>& parked_until);
/// The change's update, with what it says of parking.
void put_update(FieldSink& to, const Change& change);

}  // namespace troupe::store::postgres
