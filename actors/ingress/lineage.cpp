#include "actors/ingress/lineage.hpp"

#include "actors/ingress/audit_page.hpp"
#include "codec/json.hpp"

namespace troupe {

Result<Lineage> lineage_of(StoreReader& reader, const JobId& job) {
  Lineage lineage;
  RunId before = job.as<RunId>();
  AuditQuery query;
  query.job = job;
  query.action = "job.retried";
  query.newest_first = false;
  query.limit = limits::kPageMax;
  do {
    const auto page = audit_page_of_job(reader, query);
    if (!page) return page.error();
    for (const std::string& line : page->records) {
      const auto record = parse_json(line);
      if (!record) return record.error();
      const Json details = record->value("details", Json::object());
      const auto run = parse_id<RunId>(details.value("run", ""));
      if (!run) continue;
      lineage[*run] = {before, details.value("from_step", ""), record->value("actor", "")};
      before = *run;
    }
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  return lineage;
}

void add_retry(const Lineage& lineage, RunView& view) {
  if (const auto found = lineage.find(view.id); found != lineage.end()) view.retry = found->second;
}

}  // namespace troupe
