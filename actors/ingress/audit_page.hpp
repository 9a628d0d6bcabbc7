// Pages of the audit trail, as GET /v1/audit and GET /v1/jobs/{id}/audit show them. Read from the journal; called on
// the reading threads.
#pragma once

#include "troupe/port/gateway.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Of `query.job`, which is set. The cursor is a seq. Fails with invalid_cursor, or as the reader does.
Result<AuditPage> audit_page_of_job(StoreReader& reader, const AuditQuery& query);

/// Of every chain, newest first: the shards' journals merged by the time of their records. The cursor is a place in
/// each shard, so that it stays valid while records are added. Fails with invalid_cursor, or as the reader does.
Result<AuditPage> audit_page_of_all(StoreReader& reader, const AuditQuery& query);

}  // namespace troupe
