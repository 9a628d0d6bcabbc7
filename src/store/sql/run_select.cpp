// A job's first run bears the job's id and has no row of its own; the others stand in `run`. So a list of runs has an
// arm that walks jobs (or, where that is shorter, notable or parked rows) and one that walks `run`.
#include "store_rules/query_rules.hpp"
#include "store_sql/job_select.hpp"
#include "store_sql/tables.hpp"

namespace troupe::store {
namespace {

/// A job's first run has the job's own. Typed, because PostgreSQL takes a bare NULL of a UNION for text.
constexpr const char* kNoInputs = "CAST(NULL AS bytea)";

/// A SELECT of runs up to its conditions: `source` names the tables, `run`, `number` and `inputs` the run's columns.
std::string runs_from(const std::string& source, const std::string& run, const std::string& number,
                      const std::string& inputs) {
  return "SELECT " + columns_of(kJobTable, "j.") + ", " + run + " AS run_id, " + number + " AS run_number, " + inputs +
         " AS run_inputs, " + columns_of(kRunArchiveTable, "a.") + " FROM " + source +
         " LEFT JOIN run_archive a ON a.id = " + run;
}

/// The conditions of one arm. `run` and `job` are the columns that hold the ids.
class Arm {
 public:
  Arm(Select& select, const RunQuery& query, std::string run, std::string job)
      : select_(select), run_(std::move(run)), job_(std::move(job)) {
    if (query.before) conditions_.add(run_ + " < " + select_.place(query.before->bytes));
    if (query.job) conditions_.add(job_ + " = " + select_.place(query.job->bytes));
    if (query.client_id) conditions_.add("j.client_id = " + select_.place(*query.client_id));
    if (query.workflow_key) conditions_.add("j.workflow_key = " + select_.place(*query.workflow_key));
  }
  Arm& add(const std::string& condition) {
    conditions_.add(condition);
    return *this;
  }
  /// The run's own status: its job's if it is the newest run, else the archived one.
  Arm& status(const std::string& status) {
    return add("CASE WHEN j.run = " + run_ + " THEN j.status ELSE a.status END = " + status);
  }
  /// Only a job's newest run can be open.
  Arm& open(const std::string& status) { return add("j.run = " + run_).add("j.status = " + status); }

  std::string sql(const std::string& source, const std::string& number) const {
    return runs_from(source, run_, number, number == "1" ? kNoInputs : "r.inputs") + conditions_.where();
  }

 private:
  Select& select_;
  std::string run_, job_;
  Conditions conditions_;
};

}  // namespace

Select select_runs(const RunQuery& query) {
  Select select;
  const std::string limit = select.place(page_limit(query.limit));
  const std::string status = query.status ? select.place(static_cast<std::int64_t>(*query.status)) : std::string();
  const std::string low_water = kLowestLowWater;
  const std::string later_source = "run r CROSS JOIN job j";
  Arm first(select, query, "j.id", "j.id"), later(select, query, "r.id", "r.job");
  later.add("j.id = r.job");
  std::vector<std::string> arms;

  if (query.status && is_open(*query.status)) {
    Arm parked(select, query, "p.job", "p.job");
    first.open(status).add("j.id >= " + low_water);
    parked.open(status).add("j.id = p.job").add("p.job < " + low_water);
    later.open(status).add("(r.job >= " + low_water + " OR EXISTS (SELECT 1 FROM parked p WHERE p.job = r.job))");
    arms = {first.sql("job j", "1"), parked.sql("parked p CROSS JOIN job j", "1"), later.sql(later_source, "r.number")};
  } else if (query.status && is_notable(*query.status)) {  // a run archived since has left its notable row, too
    Arm notable(select, query, "n.job", "n.job");
    notable.status(status).add("n.kind = " + status).add("j.id = n.job");
    later.status(status).add("EXISTS (SELECT 1 FROM notable n WHERE n.kind = " + status + " AND n.job = r.job)");
    arms = {notable.sql("notable n CROSS JOIN job j", "1"), later.sql(later_source, "r.number")};
  } else {
    if (query.status) first.status(status), later.status(status);
    arms = {first.sql("job j", "1"), later.sql(later_source, "r.number")};
  }
  select.sql = newest_of(arms, "run_id", limit);
  return select;
}

Select select_run(const RunId& id) {
  Select select;
  const std::string run = select.place(id.bytes);
  select.sql = runs_from("job j", "j.id", "1", kNoInputs) + " WHERE j.id = " + run + " UNION ALL " +
               runs_from("run r CROSS JOIN job j", "r.id", "r.number", "r.inputs") +
               " WHERE j.id = r.job AND r.id = " + run;
  return select;
}

RunRecord take_run_record(FieldSource& from) {
  RunRecord record;
  record.job = take_job(from);
  record.run = from.id<RunId>();
  record.number = from.integer<std::uint32_t>();
  record.inputs = from.document();
  if (!from.next_absent()) record.archive = take_run_archive(from);
  return record;
}

}  // namespace troupe::store
