// Every subcommand, one file each. Each function adds its command to `parent`, with its options, and lets
// Session::command be set when it is named.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/session.hpp"

namespace troupe::cli {

void add_serve(CLI::App& parent, Session& session);
void add_demo(CLI::App& parent, Session& session);
void add_version(CLI::App& parent, Session& session);

void add_job_submit(CLI::App& parent, Session& session);
void add_job_get(CLI::App& parent, Session& session);
void add_job_list(CLI::App& parent, Session& session);
void add_job_watch(CLI::App& parent, Session& session);
void add_job_cancel(CLI::App& parent, Session& session);
void add_job_retry(CLI::App& parent, Session& session);
void add_job_signal(CLI::App& parent, Session& session);
void add_job_review(CLI::App& parent, Session& session);
void add_job_resolve(CLI::App& parent, Session& session);

void add_workflow_validate(CLI::App& parent, Session& session);
void add_workflow_apply(CLI::App& parent, Session& session);
void add_workflow_list(CLI::App& parent, Session& session);
void add_workflow_show(CLI::App& parent, Session& session);
void add_workflow_switch(CLI::App& parent, Session& session);  ///< disable and enable

void add_kill_switch_engage(CLI::App& parent, Session& session);
void add_kill_switch_list(CLI::App& parent, Session& session);
void add_kill_switch_release(CLI::App& parent, Session& session);

void add_schedule_create(CLI::App& parent, Session& session);
void add_schedule_list(CLI::App& parent, Session& session);
void add_schedule_get(CLI::App& parent, Session& session);
void add_schedule_change(CLI::App& parent, Session& session);  ///< delete, enable, disable and trigger
void add_schedule_next(CLI::App& parent, Session& session);

void add_actors(CLI::App& parent, Session& session);

void add_audit_tail(CLI::App& parent, Session& session);
void add_audit_verify(CLI::App& parent, Session& session);

void add_db_migrate(CLI::App& parent, Session& session);
void add_db_check(CLI::App& parent, Session& session);
void add_db_vacuum(CLI::App& parent, Session& session);
void add_backup(CLI::App& parent, Session& session);
void add_restore(CLI::App& parent, Session& session);

void add_key_create(CLI::App& parent, Session& session);

}  // namespace troupe::cli
