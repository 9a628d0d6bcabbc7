// A kill switch that is durable does what it is for. While one that pauses or kills is engaged, no task begins whose
// dispatch became durable under it, and after a moment none at all. Of what clients ask while any is engaged, no job
// and no run comes. One that kills has stopped every run that it covers, once nothing hinders it.
#include <map>
#include <unordered_map>

#include "codec/kill_switch_codec.hpp"
#include "codec/unavailable.hpp"
#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

constexpr Millis kToBeWritten{5'000};  // with connections that break, and are in doubt
constexpr Millis kTimeToKill{15'000};  // without any fault: an executor that hung has not been healed before

class KillSwitches final : public Checker {
  static constexpr Millis kOnItsWay{300};  // to a worker; if its start need not be written, nothing else holds it up

 public:
  using Checker::Checker;
  std::string_view name() const override { return "kill switches"; }

  void asked(const Request& request) override {
    if (request.ask == Ask::submit) note_covering(request, request.wish->job.workflow_key, request.wish->job.client_id);
    if (request.ask == Ask::retry) {
      const JobRow& row = world_.jobs().find(*request.job)->row;
      note_covering(request, row.workflow_key, row.client_id);
    }
  }

  void stored(const StoredChange& change) override {
    for (const SettingRow& row : change.change.settings) {
      if (row.kind != "kill_switch") continue;
      if (row.document.present())
        engaged_[row.id] = {*kill_switch_from_document(row.id, row.document), world_.now()};
      else
        released(row.id);
    }
    if (change.job == nullptr) return;
    note_dispatches(*change.job, *change.life);
    for (const Event& event : change.events)
      if (std::holds_alternative<TaskStarted>(event)) starts(*change.job, *change.life);
    if (change.change.insert && !change.job->is_child) begins(change.job->row.user_id);
    for (const Json& record : change.records)
      if (record.at("action") == "job.retried") begins(record.at("actor").get<std::string>());
  }

  void task_begins(const Life& life, std::string_view, const Task& task) override {
    if (!life.owns_shards) return;
    const std::string what = task.step + " of " + to_string(task.key.run) + ", by ";
    if (const auto under = under_.find(task.key); under != under_.end())
      for (const std::string& id : under->second)
        expect(!engaged_.contains(id) || is_elsewhere(id, life), "no task begins that a kill switch holds", what + id);
    const StoredJob& job = *world_.jobs().find(task.job);
    if (task.key.run != job.row.run || job.workflow->steps.at(task.key.step).commits_start(task.key.compensation))
      return;
    for (const std::string& id : holding(job, life))
      expect(world_.now() - engaged_.at(id).since <= kOnItsWay, "no task begins long after a kill switch was engaged",
             what + id);
  }

 private:
  struct Engaged {
    KillSwitch kill_switch;
    Timestamp since;
  };

  std::vector<std::string> covering(const SwitchedWork& work, SwitchMode least) const {
    std::vector<std::string> ids;
    for (const auto& [id, engaged] : engaged_)
      if (engaged.kill_switch.mode >= least && covers(engaged.kill_switch, work)) ids.push_back(id);
    return ids;
  }
  /// Those that hold the job's tasks on this node.
  std::vector<std::string> holding(const StoredJob& job, const Life& life) const {
    return covering({job.row.workflow_key, job.row.client_id, kOnlyPool, life.name()}, SwitchMode::pause);
  }
  /// It is of another node than the one that has the task now.
  bool is_elsewhere(const std::string& id, const Life& life) const {
    const KillSwitch& engaged = engaged_.at(id).kill_switch;
    return engaged.scope == SwitchScope::node && engaged.target != life.name();
  }

  /// A pool refuses no jobs.
  void note_covering(const Request& request, const std::string& workflow, const std::string& client) {
    if (auto ids = covering({workflow, client, "", request.life->name()}, SwitchMode::drain); !ids.empty())
      asked_under_[request.mark()] = std::move(ids);
  }

  /// It was given to a worker before; then a commit is all that may hold it up.
  void starts(const StoredJob& job, const Life& life) const {
    for (const std::string& id : holding(job, life)) {
      const Timestamp since = std::max(engaged_.at(id).since, world_.store().last_outage());
      expect(world_.now() - since <= kToBeWritten, "no task is started long after a kill switch was engaged",
             to_string(job.row.run) + ", by " + id);
    }
  }

  void begins(const std::string& mark) const {
    const auto under = asked_under_.find(mark);
    if (under == asked_under_.end()) return;
    for (const std::string& id : under->second)
      expect(!engaged_.contains(id), "nothing new is taken that a kill switch covers", mark + ", by " + id);
  }

  void note_dispatches(const StoredJob& job, const Life& life) {
    const RunState& state = job.state;
    const auto note = [&](const TaskKey& task) {
      if (!known_.insert(task).second) return;
      if (auto ids = holding(job, life); !ids.empty()) under_[task] = std::move(ids);
    };
    for (std::size_t i = 0; i < state.steps.size(); ++i)
      for (const LiveItem& item : state.steps[i].live)
        note({state.run, static_cast<StepIndex>(i), item.item, item.attempt, false, state.epoch});
    if (state.compensation)
      note({state.run, state.compensation_step, state.compensation->item, state.compensation->attempt, true,
            state.epoch});
  }

  void released(const std::string& id) {
    const auto found = engaged_.find(id);
    if (found == engaged_.end()) return;
    const Engaged engaged = found->second;
    engaged_.erase(found);
    const Host* node = world_.node();
    if (world_.has_faults() || engaged.kill_switch.mode != SwitchMode::kill || node == nullptr) return;
    const Timestamp since = std::max(engaged.since, node->life()->started_at);
    if (!world_.quiet_since() || world_.now() - since < kTimeToKill) return;
    for (const auto& [job, stored] : world_.jobs().all())
      if (stored.state.phase == RunPhase::forward)
        expect(!covers(engaged.kill_switch, {stored.row.workflow_key, stored.row.client_id, "", ""}),
               "what a kill switch is to end has been stopped", to_string(job) + ", by " + id);
  }

  std::map<std::string, Engaged> engaged_;                                 ///< by id
  std::unordered_map<std::string, std::vector<std::string>> asked_under_;  ///< requests by mark
  std::unordered_map<TaskKey, std::vector<std::string>> under_;
  std::unordered_set<TaskKey> known_;
};

}  // namespace

std::unique_ptr<Checker> make_kill_switches(World& world) { return std::make_unique<KillSwitches>(world); }

}  // namespace troupe::sim
