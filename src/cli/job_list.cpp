// `troupe job list`
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/page.hpp"
#include "cli/target.hpp"

namespace troupe::cli {
namespace {

struct Filters {
  std::string status, client, workflow, user, created_after, created_before, text;
  PageOptions page;

  std::string target() const {
    return page.of(Target("/v1/jobs")
                       .query("status", status)
                       .query("client_id", client)
                       .query("workflow_key", workflow)
                       .query("user_id", user)
                       .query("created_after", created_after)
                       .query("created_before", created_before)
                       .query("q", text));
  }
};

void print_jobs(const Terminal& terminal, const Json& page) {
  Table table({"JOB", "WORKFLOW", "STATUS", "PROGRESS", "CLIENT", "CREATED", "NOTE"});
  for (const Json& job : member(page, "items")) {
    std::string note = member_text(job, "waiting_for");
    if (!note.empty()) note = "waiting for " + note;
    if (note.empty()) note = member_text(member(job, "error"), "code");
    table.add({member_text(job, "job_id"), member_text(job, "workflow_key"), member_text(job, "status"),
               percent(member(job, "progress")), member_text(job, "client_id"),
               short_time(member_text(job, "created_at")), note});
  }
  table.print(terminal.out, terminal.colour);
  print_next_page(terminal, page);
}

}  // namespace

void add_job_list(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("list", "List jobs, newest first");
  auto filters = std::make_shared<Filters>();
  command->add_option("--status", filters->status, "Only jobs that stand so")
      ->check(CLI::IsMember({"pending", "running", "success", "failed", "cancelled"}));
  command->add_option("--client", filters->client, "Only jobs of this client");
  command->add_option("--workflow", filters->workflow, "Only jobs of this workflow");
  command->add_option("--user", filters->user, "Only jobs with this metadata.user_id");
  command->add_option("--created-after", filters->created_after, "Only jobs created after this time (RFC 3339)");
  command->add_option("--created-before", filters->created_before, "Only jobs created before this time (RFC 3339)");
  command->add_option("-q,--search", filters->text, "Only jobs with this text in their job_id or workflow");
  filters->page.add_to(*command);
  command->callback([&session, filters] {
    session.command = [&session, filters] { return session.show(session.api().get(filters->target()), print_jobs); };
  });
}

}  // namespace troupe::cli
