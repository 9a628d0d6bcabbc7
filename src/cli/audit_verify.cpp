// `troupe audit verify`: by a running server, or offline with --data-dir, --database-url or --config.
#include "cli/display.hpp"
#include "cli/server_options.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

struct Verify {
  ServerOptions data;
  std::string job;
};

int tell(Session& session, const Json& verdict) {
  const bool whole = member(verdict, "whole") == true;
  if (session.json) {
    session.print_json(verdict);
  } else if (whole) {
    session.terminal.out << "whole: " << member_text(verdict, "records") << " records in "
                         << member_text(verdict, "chains") << " chains\n";
  } else {
    const Json& fault = member(verdict, "fault");
    session.terminal.out << "broken: chain " << member_text(fault, "chain") << ", record " << member_text(fault, "seq")
                         << ": " << member_text(fault, "message") << '\n';
  }
  return whole ? kDone : kChainBroken;
}

int verify_offline(Session& session, const Verify& options) {
  const auto config = options.data.load();
  if (!config) return fail_configuration(session, config.error());
  std::optional<JobId> job;
  if (!options.job.empty()) {
    job = parse_id<JobId>(options.job);
    if (!job)
      return session.fail(Error{ErrorCode::invalid_id, "offline a job is named by its UUID", false, {}}, kWrongUse);
  }
  const auto verdict = session.hooks.verify_offline(*config, job);
  if (!verdict) {
    const ErrorCode code = verdict.error().code;
    return session.fail(verdict.error(), code == ErrorCode::not_found      ? kNotFound
                                         : code == ErrorCode::chain_broken ? kChainBroken
                                                                           : kFailed);
  }
  // As GET /v1/audit/verify answers.
  Json fault;
  if (!verdict->whole) fault = {{"chain", verdict->chain}, {"seq", verdict->seq}, {"message", verdict->fault}};
  return tell(
      session,
      {{"whole", verdict->whole}, {"chains", verdict->chains}, {"records", verdict->records}, {"fault", fault}});
}

int verify(Session& session, const Verify& options) {
  if (options.data.given()) return verify_offline(session, options);
  const ApiAnswer answer = session.api().get(Target("/v1/audit/verify").query("job", options.job).text());
  return answer.ok() ? tell(session, answer.body) : session.fail(answer);
}

}  // namespace

void add_audit_verify(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand(
      "verify", "Recompute the audit chains and name the first bad record; exits 7 if there is one");
  auto options = std::make_shared<Verify>();
  command->add_option("--job", options->job, "Only this job's chain");
  options->data.add_data_options_to(*command);
  command->footer("With --data-dir, --database-url or --config the database is read directly, without a server.");
  command->callback(
      [&session, options] { session.command = [&session, options] { return verify(session, *options); }; });
}

}  // namespace troupe::cli
