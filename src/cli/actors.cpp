// `troupe actors`: the tree of a server's actors, and the restart of one.
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

std::string count_of(const Json& actor, const char* name, const char* word) {
  const Json& number = member(actor, name);
  return number.is_number() ? number.dump() + ' ' + word : std::string();
}

std::string busy_of(const Json& actor) {
  if (member(actor, "slots").is_number())
    return member_text(actor, "busy") + '/' + member_text(actor, "slots") + " slots";
  return count_of(actor, "busy", "at work");
}

/// What is worth a line: all but the zeros.
std::string remarks(const Json& actor) {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (part.empty() || part.starts_with("0 ")) return;
    text += (text.empty() ? "" : ", ") + part;
  };
  add(busy_of(actor));
  add(count_of(actor, "live_jobs", "live jobs"));
  add(count_of(actor, "waiting", "waiting"));
  add(count_of(actor, "mailbox", "in its mailbox"));
  if (const Json& at = member(actor, "at_work_for_ms"); at.is_number()) add("at work for " + at.dump() + " ms");
  add(count_of(actor, "restarts", "restarts"));
  if (const std::string next = member_text(actor, "next_start_at"); !next.empty())
    add("next start " + short_time(next));
  if (const std::string error = member_text(actor, "last_error"); !error.empty()) add("last error: " + error);
  return printable(text);
}

void add_rows(Table& table, const Json& actor, std::size_t depth) {
  table.add(
      {std::string(2 * depth, ' ') + printable(member_text(actor, "id")), member_text(actor, "state"), remarks(actor)});
  for (const Json& child : member(actor, "children")) add_rows(table, child, depth + 1);
}

int show(Session& session, int limit) {
  const std::string target = Target("/v1/actors").query("limit", std::to_string(limit)).text();
  return session.show(session.api().get(target), [](const Terminal& terminal, const Json& tree) {
    Table table({"ACTOR", "STATE", "REMARKS"});
    add_rows(table, tree, 0);
    table.print(terminal.out, false);
  });
}

int restart(Session& session, const std::string& id) {
  const std::string target = Target("/v1/actors").segment(id).segment("restart").text();
  return session.show(session.api().post(target, nullptr), [&](const Terminal& terminal, const Json&) {
    terminal.out << printable(id) << " is being restarted\n";
  });
}

}  // namespace

void add_actors(CLI::App& parent, Session& session) {
  CLI::App* command =
      parent.add_subcommand("actors", "The tree of the server's actors: how each is, what it has in hand");
  auto limit = std::make_shared<int>(50);
  auto id = std::make_shared<std::string>();
  command->add_option("--limit", *limit, "Live jobs that are shown at most")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  command->add_option("--restart", *id, "Restart this one instead: worker:NAME or job:UUID");
  command->callback([&session, limit, id] {
    session.command = [&session, limit, id] { return id->empty() ? show(session, *limit) : restart(session, *id); };
  });
}

}  // namespace troupe::cli
