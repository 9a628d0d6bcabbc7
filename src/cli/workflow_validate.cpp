// `troupe workflow validate FILE…`: by the server, or with --offline by this program.
#include <algorithm>

#include "cli/assignments.hpp"
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/workflow_file.hpp"
#include "codec/workflow_codec.hpp"
#include "expr/expr.hpp"

namespace troupe::cli {
namespace {

int valid(Session& session, const std::string& file, const std::string& key) {
  if (session.json)
    session.print_json({{"file", file}, {"valid", true}, {"key", key}});
  else
    session.terminal.out << printable(file) << ": valid (" << key << ")\n";
  return kDone;
}

int validate(Session& session, const std::string& file, bool offline) {
  auto text = read_file(file, session.terminal.in);
  if (!text) return session.fail(text.error(), kWrongUse);
  session.file = file;
  if (offline) {
    const auto parsed = parse_new_workflow(*text, check_expression);
    return parsed ? valid(session, file, parsed->definition.key) : session.fail(parsed.error(), kFailed);
  }
  const ApiAnswer answer =
      session.api().post_text("/v1/workflows/validate", std::move(*text), definition_media_type(file));
  return answer.ok() ? valid(session, file, member_text(answer.body, "key")) : session.fail(answer);
}

}  // namespace

void add_workflow_validate(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("validate", "Check definitions; every fault is told, with its place");
  auto files = std::make_shared<std::vector<std::string>>();
  auto offline = std::make_shared<bool>(false);
  command->add_option("FILE", *files, "YAML or JSON; - reads standard input")->required();
  command->add_flag("--offline", *offline, "Without a server");
  command->callback([&session, files, offline] {
    session.command = [&session, files, offline] {
      int worst = kDone;
      for (const std::string& file : *files) {
        const int exit_code = validate(session, file, *offline);
        if (worst == kDone) worst = exit_code;
        if (exit_code == kNotReached) break;
      }
      return worst;
    };
  });
}

}  // namespace troupe::cli
