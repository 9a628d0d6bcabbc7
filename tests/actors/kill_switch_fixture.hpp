// A node with kill switches, and two workflows for them to tell apart.
#pragma once

#include "actors/node_fixture.hpp"

namespace troupe::test {

class KillSwitchTest : public NodeTest {
 protected:
  using Engaging = std::shared_ptr<std::optional<Result<EngagedKillSwitch>>>;

  /// `poster` has the steps draw and send, `letter` has write.
  void SetUp() override {
    given_workflow("{key: poster, timeout: 1d, steps: [{name: draw, type: noop}, {name: send, type: noop}]}");
    given_workflow("{key: letter, timeout: 1d, steps: [{name: write, type: noop}]}");
  }

  static KillSwitchDraft draft(const std::string& scope, const std::string& target, const std::string& mode) {
    KillSwitchDraft made{scope, target, mode, "the bank is down"};
    if (target.empty()) made.target.reset();
    return made;
  }
  /// Without running: the answer comes when the actors run.
  Engaging ask_engage(const KillSwitchDraft& wanted, const Caller& caller = {},
                      std::optional<IdempotencyKey> key = {}) {
    auto answer = std::make_shared<std::optional<Result<EngagedKillSwitch>>>();
    gateway().engage_kill_switch(
        caller, wanted, std::move(key),
        [](const KillSwitch& made) {
          return KeptAnswer{201, to_string(made.id)};
        },
        [answer](Result<EngagedKillSwitch> engaged) { *answer = std::move(engaged); });
    return answer;
  }
  Result<EngagedKillSwitch> try_engage(const KillSwitchDraft& wanted, const Caller& caller = {},
                                       std::optional<IdempotencyKey> key = {}) {
    const auto answer = ask_engage(wanted, caller, std::move(key));
    run();
    return answer->value_or(Error{ErrorCode::internal, "not answered", false, {}});
  }
  KillSwitchId engage(const std::string& scope, const std::string& target, const std::string& mode) {
    const auto engaged = try_engage(draft(scope, target, mode), {.name = "ada"});
    if (!engaged) {
      ADD_FAILURE() << engaged.error().message;
      return {};
    }
    return engaged->kill_switch.id;
  }
  Result<KillSwitch> release(const KillSwitchId& id, const Caller& caller = {}) {
    Result<KillSwitch> answer{ErrorCode::internal, "not answered"};
    gateway().release_kill_switch(caller, id, [&](Result<KillSwitch> released) { answer = std::move(released); });
    run();
    return answer;
  }

  JobId submit_as(const std::string& workflow, const std::string& client) {
    SubmitJob job;
    job.client_id = client;
    return submit(workflow, job);
  }
  /// Why a job would be refused; nothing if it is accepted.
  std::optional<Error> refusal(const std::string& workflow, const std::string& client = "default") {
    SubmitJob job;
    job.workflow_key = workflow;
    job.client_id = client;
    const auto accepted = try_submit(std::move(job));
    if (!accepted) return accepted.error();
    jobs_.push_back(accepted->id);
    return std::nullopt;
  }
  JobView view(const JobId& job) {
    Result<JobView> answer{ErrorCode::internal, "not answered"};
    gateway().job({}, {job, "", {}}, /*details=*/false, [&](Result<JobView> found) { answer = std::move(found); });
    return *answer;
  }
  std::string error_message(const JobId& job) const {
    const Document error = row(job).error;
    return error.present() ? std::string(error.view()) : "";
  }
};

}  // namespace troupe::test
