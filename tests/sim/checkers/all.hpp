// Every checker there is; each is made in a file of this folder.
#pragma once

#include <memory>

#include "sim/checker.hpp"

namespace troupe::sim {

std::unique_ptr<Checker> make_run_rules(World& world);           // run_rules.cpp
std::unique_ptr<Checker> make_true_answers(World& world);        // true_answers.cpp
std::unique_ptr<Checker> make_true_views(World& world);          // true_views.cpp
std::unique_ptr<Checker> make_task_starts(World& world);         // task_starts.cpp
std::unique_ptr<Checker> make_counted_outcomes(World& world);    // counted_outcomes.cpp
std::unique_ptr<Checker> make_slots(World& world);               // slots.cpp
std::unique_ptr<Checker> make_one_at_work(World& world);         // one_at_work.cpp
std::unique_ptr<Checker> make_concurrency(World& world);         // concurrency.cpp
std::unique_ptr<Checker> make_approvals(World& world);           // approvals.cpp
std::unique_ptr<Checker> make_kill_switches(World& world);       // kill_switches.cpp
std::unique_ptr<Checker> make_in_time(World& world);             // in_time.cpp
std::unique_ptr<Checker> make_schedules(World& world);           // schedules.cpp
std::unique_ptr<Checker> make_rate_limits(World& world);         // rate_limits.cpp
std::unique_ptr<Checker> make_retries(World& world);             // retries.cpp
std::unique_ptr<Checker> make_sub_workflows(World& world);       // sub_workflows.cpp
std::unique_ptr<Checker> make_disabled_workflows(World& world);  // disabled_workflows.cpp
std::unique_ptr<Checker> make_secrets(World& world);             // secrets.cpp
std::unique_ptr<Checker> make_recoverable(World& world);         // recoverable.cpp
std::unique_ptr<Checker> make_stopped_nodes(World& world);       // stopped_nodes.cpp
std::unique_ptr<Checker> make_whole_trail(World& world);         // whole_trail.cpp
std::unique_ptr<Checker> make_nothing_left(World& world);        // nothing_left.cpp

}  // namespace troupe::sim
