#include "cli/cli.hpp"

#include <algorithm>
#include <exception>
#include <ostream>

#include "cli/commands.hpp"

namespace troupe {
namespace {

using namespace cli;

CLI::App& add_group(CLI::App& app, const char* name, const char* what) {
  CLI::App* group = app.add_subcommand(name, what);
  group->require_subcommand(1);
  return *group;
}

void add_commands(CLI::App& app, Session& session) {
  add_serve(app, session);
  add_demo(app, session);

  CLI::App& job = add_group(app, "job", "Submit, watch and stop jobs");
  add_job_submit(job, session);
  add_job_get(job, session);
  add_job_list(job, session);
  add_job_watch(job, session);
  add_job_cancel(job, session);
  add_job_retry(job, session);
  add_job_signal(job, session);
  add_job_review(job, session);
  add_job_resolve(job, session);

  CLI::App& workflow = add_group(app, "workflow", "Check and apply workflow definitions");
  add_workflow_validate(workflow, session);
  add_workflow_apply(workflow, session);
  add_workflow_list(workflow, session);
  add_workflow_show(workflow, session);
  add_workflow_switch(workflow, session);

  CLI::App& kill_switch = add_group(app, "kill-switch", "Stop work of one kind, and let it go on");
  add_kill_switch_engage(kill_switch, session);
  add_kill_switch_list(kill_switch, session);
  add_kill_switch_release(kill_switch, session);

  CLI::App& schedule = add_group(app, "schedule", "Begin jobs by the clock");
  add_schedule_create(schedule, session);
  add_schedule_list(schedule, session);
  add_schedule_get(schedule, session);
  add_schedule_change(schedule, session);
  add_schedule_next(schedule, session);

  add_actors(app, session);

  CLI::App& audit = add_group(app, "audit", "Read and verify the audit trail");
  add_audit_tail(audit, session);
  add_audit_verify(audit, session);

  CLI::App& db = add_group(app, "db", "Create, check and tidy up the database");
  add_db_migrate(db, session);
  add_db_check(db, session);
  add_db_vacuum(db, session);
  add_backup(app, session);
  add_restore(app, session);

  CLI::App& key = add_group(app, "key", "Make API keys");
  add_key_create(key, session);

  add_version(app, session);
}

void add_global_options(CLI::App& app, Session& session) {
  app.add_option("--server", session.server, "The server that client commands talk to")
      ->envname("TROUPE_SERVER")
      ->capture_default_str();
  app.add_option("--token", session.token, "API key of client commands")->envname("TROUPE_TOKEN");
  app.add_flag("--json", session.json, "Print JSON: one document, or one a line for streams");
}

/// What CLI11 says, or, where a word stands in the place of a command that there is none of, that word.
std::string usage_error(const CLI::App& app, const CLI::ParseError& wrong) {
  if (dynamic_cast<const CLI::RequiredError*>(&wrong) == nullptr) return wrong.what();
  const std::vector<std::string> words = app.remaining(true);
  return words.empty() ? std::string(wrong.what()) : "there is no command \"" + words.front() + "\"";
}

int run(const std::vector<std::string>& arguments, Session& session) {
  CLI::App app("Troupe: a durable job runtime.", "troupe");
  app.fallthrough();  // global options may stand anywhere
  app.require_subcommand(1);
  app.footer(std::string(kExitCodeHelp));
  add_global_options(app, session);
  add_commands(app, session);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    app.parse(reversed);
  } catch (const CLI::ParseError& wrong) {
    if (wrong.get_exit_code() == 0) return app.exit(wrong, session.terminal.out, session.terminal.err);  // --help
    const Error error{ErrorCode::wrong_usage, usage_error(app, wrong), false, {}};
    session.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    return session.fail(error, kWrongUse);
  }
  return session.command();
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const CliHooks& hooks, cli::Terminal terminal) {
  Session session(terminal, hooks);
  try {
    const int exit_code = run(arguments, session);
    terminal.out.flush();
    return exit_code;
  } catch (const std::exception& unexpected) {
    terminal.err << "error: " << unexpected.what() << '\n';
    return kFailed;
  }
}

int run_cli(int argc, char** argv, const CliHooks& hooks) {
  return run_cli(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), hooks, cli::Terminal::of_process());
}

}  // namespace troupe
