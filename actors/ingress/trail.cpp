// The audit trail: pages of records, and verification.
#include "actors/ingress/audit_page.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "audit/chain.hpp"

namespace troupe {

void NodeGateway::audit(const Caller& caller, AuditQuery query, Reply<AuditPage> reply) {
  if (caller.client_id) query.client_id = *caller.client_id;
  read<AuditPage>(reply, [this, caller, query = std::move(query)]() -> Result<AuditPage> {
    if (!query.job) return audit_page_of_all(node_.reader, query);
    JobRef ref;
    ref.id = query.job;
    if (const auto row = find_job(caller, ref); !row) return row.error();
    return audit_page_of_job(node_.reader, query);
  });
}

void NodeGateway::verify_audit(const Caller& caller, std::optional<JobId> job, Reply<AuditVerdict> reply) {
  read<AuditVerdict>(reply, [this, caller, job]() -> Result<AuditVerdict> {
    if (job) {
      JobRef ref;
      ref.id = job;
      if (const auto row = find_job(caller, ref); !row) return row.error();
    }
    const auto report = job ? verify_job(node_.reader, *job) : verify_store(node_.reader);
    if (!report) return report.error();
    return AuditVerdict{report->whole, report->chains, report->records, report->chain, report->seq, report->fault};
  });
}

}  // namespace troupe
