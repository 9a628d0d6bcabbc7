#include "store_postgres/job_rows.hpp"

namespace troupe::store::postgres {
namespace {

using enum FieldType;

constexpr Field kAccepted[] = {{"id", uuid},      {"created_at", integer}, {"workflow_version", integer},
                               {"slot", integer}, {"priority", integer},   {"client_id", text},
                               {"job_id", text},  {"workflow_key", text},  {"user_id", text},
                               {"spec", bytes}};
// `slot` is bound to find the shard of those that are parked.
constexpr Field kState[] = {{"id", uuid},     {"updated_at", integer}, {"last_seq", integer},
                            {"due", integer}, {"slot", integer},       {"status", integer},
                            {"head", bytes},  {"state", bytes},        {"outputs", bytes},
                            {"error", bytes}, {"run", uuid},           {"run_workflow_version", integer}};
constexpr Field kStateUpdate[] = {{"id", uuid},
                                  {"expected_seq", integer},
                                  {"updated_at", integer},
                                  {"last_seq", integer},
                                  {"due", integer},
                                  {"slot", integer},
                                  {"status", integer},
                                  {"head", bytes},
                                  {"state", bytes},
                                  {"outputs", bytes},
                                  {"error", bytes},
                                  {"run", uuid},
                                  {"run_workflow_version", integer}};

/// What comes after `last_seq` in both.
template <class Row>
void put_rest(FieldSink& to, const Row& row, std::int64_t due) {
  to.integer(due);
  to.integer(row.id.slot());
  to.integer(static_cast<std::int64_t>(row.status));
  to.digest(row.head);
  to.bytes(row.state);
  to.document(row.outputs);
  to.document(row.error);
  to.id(row.run);
  to.integer(row.run_workflow_version);
}

}  // namespace

const Table kAcceptedTable{"job_accepted", kAccepted};
const Table kStateFields{"job_state", kState};
const Table kStateUpdateFields{"job_state", kStateUpdate};

void put_accepted(FieldSink& to, const JobRow& row) {
  to.id(row.id);
  to.time(row.created_at);
  to.integer(row.workflow_version);
  to.integer(row.id.slot());
  to.integer(row.priority);
  to.text(row.client_id);
  to.text(row.job_id);
  to.text(row.workflow_key);
  to.text(row.user_id);
  to.document(row.spec);
}

void put_state(FieldSink& to, const JobRow& row, const std::optional<Timestamp>& parked_until) {
  to.id(row.id);
  to.time(row.updated_at);
  to.unsigned_integer(row.last_seq);
  put_rest(to, row, parked_until ? to_unix_ms(*parked_until) : kNotParked);
}

void put_update(FieldSink& to, const Change& change) {
  const JobUpdate& update = *change.update;
  to.id(update.id);
  to.unsigned_integer(update.expected_seq);
  to.time(update.updated_at);
  to.unsigned_integer(update.last_seq);
  const std::int64_t unparked = change.unpark ? kNotParked : kAsItWas;
  put_rest(to, update, change.park ? to_unix_ms(*change.park) : unparked);
}

}  // namespace troupe::store::postgres
