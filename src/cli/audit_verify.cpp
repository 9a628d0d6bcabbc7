// `troupe audit verify`: by a running server, or offline with --data-dir, --database-url or --config.
#include "cli/display.hpp"
#include "cli/server_options.hpp"
#include "cli/target.hpp"
#include "cli/verdict_view.hpp"

namespace troupe::cli {
namespace {

struct Verify {
  ServerOptions data;
  std::string job;
};

/// What GET /v1/audit/verify answered.
AuditVerdict read_verdict(const Json& answer) {
  const auto number = [](const Json& object, const char* name) {
    const Json& value = member(object, name);
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
  };
  const Json& fault = member(answer, "fault");
  return {.whole = member(answer, "whole") == true,
          .chains = number(answer, "chains"),
          .records = number(answer, "records"),
          .chain = member_text(fault, "chain"),
          .seq = number(fault, "seq"),
          .fault = member_text(fault, "message")};
}

int tell(Session& session, const Json& answer) {
  const AuditVerdict verdict = read_verdict(answer);
  if (session.json)
    session.print_json(answer);
  else
    print(session.terminal.out, verdict);
  return verdict.whole ? kDone : kChainBroken;
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
  if (!verdict) return session.fail(verdict.error(), exit_code_of(verdict.error().code));
  return tell(session, to_json(*verdict));
}

int verify(Session& session, const Verify& options) {
  if (options.data.given()) return verify_offline(session, options);
  const ApiAnswer answer = session.api().get_patiently(Target("/v1/audit/verify").query("job", options.job).text());
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
