// `troupe workflow apply FILE…`
#include "cli/assignments.hpp"
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/workflow_file.hpp"

namespace troupe::cli {
namespace {

constexpr int kCreated = 201;

int apply(Session& session, const std::string& file) {
  auto text = read_file(file, session.terminal.in);
  if (!text) return session.fail(text.error(), kWrongUse);
  session.file = file;
  const ApiAnswer answer = session.api().post_text("/v1/workflows", std::move(*text), definition_media_type(file));
  return session.show(answer, [&](const Terminal& terminal, const Json& applied) {
    terminal.out << member_text(applied, "key") << " version " << member_text(applied, "version")
                 << (answer.status == kCreated ? "\n" : " (unchanged)\n");
  });
}

}  // namespace

void add_workflow_apply(CLI::App& parent, Session& session) {
  CLI::App* command =
      parent.add_subcommand("apply", "Create workflows, or add versions; the same content changes nothing");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *files, "YAML or JSON; - reads standard input")->required();
  command->callback([&session, files] {
    session.command = [&session, files] {
      for (const std::string& file : *files)
        if (const int exit_code = apply(session, file); exit_code != kDone) return exit_code;
      return kDone;
    };
  });
}

}  // namespace troupe::cli
