// `troupe audit tail`: the newest records, oldest of them first, and with --follow those that come.
#include <chrono>
#include <deque>
#include <set>
#include <thread>
#include <utility>
#include <variant>

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

  std::string target(int count, const std::string& cursor) const {
    return Target("/v1/audit")
        .query("job", job)
        .query("client_id", client)
        .query("action", action)
        .query("actor", actor)
        .query("limit", std::to_string(count))
        .query("cursor", cursor)
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

/// What came since the last time, read page by page until something known comes up.
class Newcomers {
 public:
  Newcomers(Session& session, const Tail& options) : session_(session), options_(options) {}

  /// Newest first; the first time, the newest `limit` records. The failed answer otherwise.
  std::variant<std::vector<Json>, ApiAnswer> read() {
    std::vector<Json> fresh;
    const bool first = !std::exchange(begun_, true);
    std::string cursor;
    do {
      ApiAnswer answer = session_.api().get(options_.target(first ? options_.limit : kPollLimit, cursor));
      if (!answer.ok()) return answer;
      const Json& items = member(answer.body, "items");
      if (!items.is_array()) break;
      for (const Json& record : items) {
        if (known_.contains(member_text(record, "hash"))) return keep(std::move(fresh));
        fresh.push_back(record);
      }
      cursor = member_text(answer.body, "next_cursor");
    } while (!first && !cursor.empty());
    return keep(std::move(fresh));
  }

 private:
  /// The newest records are remembered: enough of them to be met again even if a shard's clock lags a little.
  std::vector<Json> keep(std::vector<Json> fresh) {
    for (auto record = fresh.rbegin(); record != fresh.rend(); ++record) {
      if (!known_.insert(member_text(*record, "hash")).second) continue;
      order_.push_back(member_text(*record, "hash"));
    }
    for (; order_.size() > kPollLimit; order_.pop_front()) known_.erase(order_.front());
    return fresh;
  }

  Session& session_;
  const Tail& options_;
  bool begun_ = false;
  std::set<std::string> known_;  // hashes
  std::deque<std::string> order_;
};

int tail(Session& session, const Tail& options) {
  Newcomers newcomers(session, options);
  while (true) {
    const auto read = newcomers.read();
    if (const auto* failed = std::get_if<ApiAnswer>(&read)) return session.fail(*failed);
    const auto& records = std::get<std::vector<Json>>(read);
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
      if (session.json)
        session.print_json(*record);
      else
        session.terminal.out << line_of(*record) << std::endl;
    }
    if (!options.follow) return kDone;
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
  command->add_option("-n,--limit", options->limit, "So many records")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  command->add_flag("-f,--follow", options->follow, "Go on as new records come");
  command->callback([&session, options] { session.command = [&session, options] { return tail(session, *options); }; });
}

}  // namespace troupe::cli
