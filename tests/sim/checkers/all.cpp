#include "sim/checkers/all.hpp"

namespace troupe::sim {

std::vector<std::unique_ptr<Checker>> make_checkers(World& world) {
  std::vector<std::unique_ptr<Checker>> checkers;
  for (const auto make : {make_run_rules,        make_true_answers,  make_true_views,    make_task_starts,
                          make_counted_outcomes, make_slots,         make_one_at_work,   make_concurrency,
                          make_approvals,        make_kill_switches, make_in_time,       make_schedules,
                          make_rate_limits,      make_retries,       make_sub_workflows, make_disabled_workflows,
                          make_secrets,          make_recoverable,   make_stopped_nodes, make_whole_trail,
                          make_nothing_left})
    checkers.push_back(make(world));
  return checkers;
}

}  // namespace troupe::sim
