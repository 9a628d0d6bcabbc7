// Of what is asked for once a workflow is told to be disabled comes no job and no run, until it is enabled.
#include <map>
#include <set>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class DisabledWorkflows final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "disabled workflows"; }

  void disabled(const std::string& workflow) override {
    if (disabled_.contains(workflow)) told_.insert(workflow);
  }

  void asked(const Request& request) override {
    if (request.ask == Ask::submit) ask(request, request.wish->job.workflow_key);
    if (request.ask == Ask::retry) ask(request, world_.jobs().find(*request.job)->row.workflow_key);
  }

  void stored(const StoredChange& change) override {
    if (const auto& flag = change.change.workflow_disabled) {
      if (flag->second)
        disabled_.insert(flag->first);
      else
        enabled(flag->first);
    }
    if (change.change.insert && !change.job->is_child) begins(change.job->row.user_id);
    if (change.job != nullptr && change.records.front().at("action") == "job.retried")
      begins(change.records.front().at("actor"));
  }

 private:
  void ask(const Request& request, const std::string& workflow) {
    if (!told_.contains(workflow)) return;
    world_.saw("disabled workflow asked for");
    asked_for_[request.mark()] = workflow;
  }

  void enabled(const std::string& workflow) {
    disabled_.erase(workflow);
    told_.erase(workflow);
    std::erase_if(asked_for_, [&](const auto& asked) { return asked.second == workflow; });
  }

  void begins(const std::string& mark) const {
    expect(!asked_for_.contains(mark), "nothing new is taken of a workflow that is disabled", mark);
  }

  std::set<std::string> disabled_;                ///< as it is durable
  std::set<std::string> told_;                    ///< of these, whose disabling was told as done
  std::map<std::string, std::string> asked_for_;  ///< requests since then, by mark, and of which
};

}  // namespace

std::unique_ptr<Checker> make_disabled_workflows(World& world) { return std::make_unique<DisabledWorkflows>(world); }

}  // namespace troupe::sim
