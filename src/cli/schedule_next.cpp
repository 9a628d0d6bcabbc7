// `troupe schedule next --cron EXPRESSION`: when it is due, told without a server.
#include "calendar/time_zones.hpp"
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/domain/cron.hpp"

namespace troupe::cli {
namespace {

struct Question {
  std::string cron, time_zone = "UTC", after;
  int count = 5;
};

/// `2026-03-29T03:00:00+02:00`: what the clock shows there. Whole minutes of offset, as all zones have today.
std::string local_text(Timestamp at, Millis offset) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const std::int64_t size = std::abs(minutes);
  return format_rfc3339(at + offset).substr(0, 19) + (minutes < 0 ? "-" : "+") + two(size / 60) + ":" + two(size % 60);
}

int tell(Session& session, const Question& question) {
  std::vector<Fault> faults;
  const auto cron = parse_cron(question.cron);
  const auto zone = find_time_zone(question.time_zone);
  const auto after = question.after.empty() ? std::optional(SystemClock().now()) : parse_rfc3339(question.after);
  if (!cron) faults.push_back({"--cron", cron.error().message});
  if (!zone) faults.push_back({"--time-zone", zone.error().message});
  if (!after) faults.push_back({"--after", "must be an RFC 3339 time such as 2026-11-21T01:02:03Z"});
  if (!faults.empty())
    return session.fail({ErrorCode::wrong_usage, "the times cannot be told", false, faults}, kWrongUse);

  Json times = Json::array();
  auto at = after;
  for (int i = 0; i < question.count; ++i) {
    at = next_after(*cron, **zone, *at);
    if (!at) break;
    const std::string local = local_text(*at, (*zone)->offset_at(*at));
    if (session.json)
      times.push_back({{"at", format_rfc3339(*at)}, {"local", local}});
    else
      session.terminal.out << local << "  " << short_time(format_rfc3339(*at)) << " UTC\n";
  }
  if (session.json) session.print_json({{"times", times}});
  return kDone;
}

}  // namespace

void add_schedule_next(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("next", "Tell when an expression is due; asks no server");
  auto question = std::make_shared<Question>();
  command->add_option("--cron", question->cron, "minute hour day-of-month month day-of-week, or @daily and the like")
      ->required()
      ->type_name("EXPRESSION");
  command->add_option("--time-zone", question->time_zone, "Whose clock, like Europe/Berlin")
      ->type_name("ZONE")
      ->capture_default_str();
  command->add_option("--count", question->count, "How many times")->check(CLI::Range(1, 1000))->capture_default_str();
  command->add_option("--after", question->after, "Times after this one (RFC 3339); now if not given")
      ->type_name("TIME");
  command->callback(
      [&session, question] { session.command = [&session, question] { return tell(session, *question); }; });
}

}  // namespace troupe::cli
