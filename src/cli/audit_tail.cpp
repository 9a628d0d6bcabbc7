// `troupe audit tail`: the newest records, oldest of them first, and with --follow those that come.
#include <chrono>
#include <optional>
#include <set>
#include <thread>

#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

/// Records are read as pages; a second is soon enough for a person.
constexpr std::chrono::seconds kPollInterval{1};
constexpr int kPollLimit = 500;

struct Tail {
  std::string job, client, action, actor;
  int limit = 50;
  bool follow = false;

  std::string target(int count) const {
    Target path(job.empty() ? "/v1/audit" : "/v1/jobs");
    if (!job.empty()) path.segment(job).literal("/audit");
    return path.query("client_id", client)
        .query("action", action)
        .query("actor", actor)
        .query("limit", std::to_string(count))
        .text();
  }
};

std::string line_of(const Json& record) {
  std::string line = short_time(member_text(record, "at"));
  for (const char* name : {"job_id", "seq", "action", "actor"})
    if (const std::string text = member_text(record, name); !text.empty()) line += "  " + text;
  const Json& details = member(record, "details");
  if (details.is_object() && !details.empty()) line += "  " + printable(to_text(details));
  return line;
}

/// The page's records, oldest first; nothing where the answer is of another shape.
std::vector<Json> oldest_first(const Json& page) {
  const Json& items = member(page, "items");
  return items.is_array() ? std::vector<Json>(items.rbegin(), items.rend()) : std::vector<Json>();
}

int tail(Session& session, const Tail& options) {
  // Following, pages are long from the first on: so what is in the next one and was not in this one is new.
  const int count = options.follow ? kPollLimit : options.limit;
  std::optional<std::set<std::string>> seen;  // hashes of the page before
  while (true) {
    const ApiAnswer answer = session.api().get(options.target(count));
    if (!answer.ok()) return session.fail(answer);
    const std::vector<Json> records = oldest_first(answer.body);
    std::set<std::string> page;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const std::string hash = member_text(records[i], "hash");
      page.insert(hash);
      const bool is_new = seen ? !seen->contains(hash) : i + static_cast<std::size_t>(options.limit) >= records.size();
      if (!is_new) continue;
      if (session.json)
        session.print_json(records[i]);
      else
        session.terminal.out << line_of(records[i]) << std::endl;
    }
    if (!options.follow) return kDone;
    seen = std::move(page);
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

void add_audit_tail(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("tail", "Show the newest audit records; --json gives one a line");
  auto options = std::make_shared<Tail>();
  command->add_option("--job", options->job, "Only this job's");
  command->add_option("--client", options->client, "Only this client's");
  command->add_option("--action", options->action, "Only this action, like job.accepted");
  command->add_option("--actor", options->actor, "Only what this actor did");
  command->add_option("-n,--limit", options->limit, "So many records")->check(CLI::Range(1, 500))->capture_default_str();
  command->add_flag("-f,--follow", options->follow, "Go on as new records come");
  command->callback([&session, options] { session.command = [&session, options] { return tail(session, *options); }; });
}

}  // namespace troupe::cli
