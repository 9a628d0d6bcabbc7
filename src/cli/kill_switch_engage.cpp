// `troupe kill-switch engage SCOPE [TARGET]`
#include "cli/commands.hpp"
#include "cli/kill_switch_view.hpp"

namespace troupe::cli {
namespace {

struct EngageOptions {
  std::string scope, target, mode, reason;
};

Json body_of(const EngageOptions& options) {
  Json body = {{"scope", options.scope}, {"mode", options.mode}, {"reason", options.reason}};
  if (!options.target.empty()) body["target"] = options.target;
  return body;
}

}  // namespace

void add_kill_switch_engage(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("engage", "Stop work of one kind, at once");
  auto options = std::make_shared<EngageOptions>();
  command->add_option("SCOPE", options->scope, "global, workflow, client, pool or node")
      ->required()
      ->check(CLI::IsMember({"global", "workflow", "client", "pool", "node"}));
  command->add_option("TARGET", options->target, "Which one; none with global");
  command
      ->add_option(
          "--mode", options->mode,
          "drain: nothing new is accepted; pause: nor is anything new started; kill: running work is stopped too")
      ->required()
      ->check(CLI::IsMember({"drain", "pause", "kill"}));
  command->add_option("--reason", options->reason, "Why; told to whoever is refused, and kept in the audit trail")
      ->required();
  command->callback([&session, options] {
    session.command = [&session, options] {
      return session.show(
          session.api().post("/v1/kill-switches", body_of(*options)), [&](const Terminal& terminal, const Json& body) {
            terminal.out << printable(member_text(body, "id")) << " engaged: " << switch_text(body) << '\n';
          });
    };
  });
}

}  // namespace troupe::cli
