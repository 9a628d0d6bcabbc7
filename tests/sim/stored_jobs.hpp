// What is durable, as the simulator knows it: it follows every transaction that was written, and keeps of each job what
// checkers ask for, decoded.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "codec/json.hpp"
#include "sim/life.hpp"
#include "troupe/domain/run.hpp"
#include "troupe/port/store.hpp"

namespace troupe::sim {

struct StoredJob {
  JobRow row;
  RunState state;        ///< of the newest run
  WorkflowPtr workflow;  ///< of the newest run
  Millis timeout{0};
  Document inputs;  ///< of the newest run
  std::set<RunId> runs;
  std::vector<std::pair<std::uint64_t, Status>> versions;                ///< last_seq and status after every commit
  std::unordered_set<TaskKey> live_ever;                                 ///< tasks that were live in some durable state
  std::unordered_set<TaskKey> started_ever;                              ///< tasks whose start was written
  std::map<std::tuple<RunId, StepIndex, ItemIndex>, TaskKey> completed;  ///< whose outcome was counted
  std::vector<AssetId> images;                                           ///< of all its runs
  std::map<std::pair<RunId, std::string>, std::vector<AssetId>> given;   ///< images of a step, in their order
  bool parked = false;
  bool is_child = false;  ///< it does the work of a step of another job

  /// Of an approval of the newest run: what it asks for.
  std::vector<AssetId> images_asked_for(StepIndex approval) const;
  /// The run, and the step's name there, where the results of a step of the newest run are.
  RunId run_of_results(StepIndex step) const;
};

/// One change of a transaction that is written now.
struct StoredChange {
  const Change& change;
  JobId id;
  const StoredJob* job = nullptr;  ///< as it is afterwards; null: the change is about no job
  std::optional<RunState> before;  ///< of the newest run then; none: the job is new
  WorkflowPtr workflow_before;
  std::vector<Json> records;  ///< what it wrote to the job's trail
  std::vector<Event> events;  ///< what these tell (of a retry, of the new run)
  LifePtr life;               ///< whose transaction
};

class StoredJobs {
 public:
  /// Calls `each` for the changes, in order. Throws Violation if something stored cannot be read.
  void follow(const Commit& commit, const LifePtr& life, const std::function<void(const StoredChange&)>& each);

  const StoredJob* find(const JobId& id) const;
  const std::unordered_map<JobId, StoredJob>& all() const { return jobs_; }
  /// In the order in which they were accepted.
  const std::vector<JobId>& ids() const { return ids_; }
  std::size_t open() const { return open_; }
  /// Ids of those there are.
  const std::set<std::string>& schedules() const { return schedules_; }
  WorkflowPtr workflow(const std::string& key, std::uint32_t version) const;
  /// The greatest of all versions; nothing: one has none.
  std::optional<std::size_t> concurrency_limit(const std::string& key) const;
  /// 0: there is none.
  std::uint32_t newest_version(const std::string& key) const;

 private:
  void follow(const Change& change, StoredChange& stored);
  void note_tasks(StoredJob& job, const std::vector<Event>& events) const;

  std::unordered_map<JobId, StoredJob> jobs_;
  std::vector<JobId> ids_;
  std::map<std::string, std::map<std::uint32_t, WorkflowPtr>> workflows_;
  std::set<std::string> schedules_;
  std::size_t open_ = 0;
};

}  // namespace troupe::sim
