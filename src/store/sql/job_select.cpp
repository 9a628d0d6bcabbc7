#include "store_sql/job_select.hpp"

#include "store_rules/query_rules.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store {
namespace {

/// A LIKE pattern that finds the text anywhere; `!` escapes.
std::string containing(std::string_view text) {
  std::string pattern = "%";
  for (char c : fold_case(text)) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

/// Everything a query demands but its status. `id` is the column that is walked.
Conditions conditions_of(const JobQuery& query, const std::string& id, Select& select) {
  Conditions conditions;
  const JobRange range = range_of(query);
  if (!range.from.is_nil()) conditions.add(id + " >= " + select.place(range.from.bytes));
  if (range.below) conditions.add(id + " < " + select.place(range.below->bytes));
  if (query.client_id) conditions.add("j.client_id = " + select.place(*query.client_id));
  if (query.workflow_key) conditions.add("j.workflow_key = " + select.place(*query.workflow_key));
  if (query.user_id) {
    conditions.add("j.user_id = " + select.place(*query.user_id));
    if (!query.user_id->empty()) conditions.add("j.user_id <> ''");  // the predicate of the partial index
  }
  if (query.created_after) conditions.add("j.created_at > " + select.place(to_unix_ms(*query.created_after)));
  if (query.created_before) conditions.add("j.created_at < " + select.place(to_unix_ms(*query.created_before)));
  if (!query.text.empty()) {
    const std::string pattern = select.place(containing(query.text));
    conditions.add("(lower(j.job_id) LIKE " + pattern + " ESCAPE '!' OR lower(j.workflow_key) LIKE " + pattern +
                   " ESCAPE '!')");
  }
  return conditions;
}

}  // namespace

Select select_jobs(const JobQuery& query) {
  Select select;
  const std::string job = "SELECT " + columns_of(kJobTable, "j.");
  const std::string limit = select.place(page_limit(query.limit));
  if (query.status && is_notable(*query.status)) {
    Conditions conditions = conditions_of(query, "n.job", select);
    const std::string status = select.place(static_cast<std::int64_t>(*query.status));
    conditions.add("n.kind = " + status);
    conditions.add("j.id = n.job");
    conditions.add("j.status = " + status);
    select.sql = job + " FROM notable n CROSS JOIN job j" + conditions.where() + " ORDER BY n.job DESC LIMIT " + limit;
    return select;
  }
  Conditions conditions = conditions_of(query, "j.id", select);
  if (query.status) conditions.add("j.status = " + select.place(static_cast<std::int64_t>(*query.status)));
  if (!query.status || !is_open(*query.status)) {
    select.sql = job + " FROM job j" + conditions.where() + " ORDER BY j.id DESC LIMIT " + limit;
    return select;
  }
  Conditions recent = conditions, parked = conditions;
  recent.add(std::string("j.id >= ") + kLowestLowWater);
  parked.add("j.id = p.job");
  parked.add(std::string("p.job < ") + kLowestLowWater);
  select.sql = newest_of(
      {job + " FROM job j" + recent.where(), job + " FROM parked p CROSS JOIN job j" + parked.where()}, "id", limit);
  return select;
}

}  // namespace troupe::store
