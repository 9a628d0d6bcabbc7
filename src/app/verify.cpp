#include "app/verify.hpp"

#include "store/open.hpp"

namespace troupe {

AuditVerdict verdict_of(const VerifyReport& report) {
  return {report.whole, report.chains, report.records, report.chain, report.seq, report.fault};
}

Result<AuditVerdict> verify_offline(const Config& config, const std::optional<JobId>& job) {
  auto store = open_store(config.database.url);
  if (!store) return store.error();
  auto reader = (*store)->reader(1);
  if (!reader) return reader.error();
  const auto report = job ? verify_job(**reader, *job) : verify_store(**reader);
  if (!report) return report.error();
  return verdict_of(*report);
}

}  // namespace troupe
