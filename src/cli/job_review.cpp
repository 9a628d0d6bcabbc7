// `troupe job review JOB`
#include "cli/display.hpp"
#include "cli/job_ref.hpp"
#include "cli/job_view.hpp"

namespace troupe::cli {
namespace {

struct JobReview {
  JobRefOptions job;
  std::string reviewer, notes;
  std::vector<std::string> approve, reject;
};

void print_reviews(const Terminal& terminal, const Json& answer) {
  Table table({"IMAGE", "DECISION", "REVIEWER"});
  for (const Json& review : member(answer, "reviews"))
    table.add({member_text(review, "image_id"), member_text(review, "decision"), member_text(review, "reviewer")});
  table.print(terminal.out, terminal.colour);
}

int review(Session& session, const JobReview& options) {
  if (options.approve.empty() && options.reject.empty())
    return session.fail(Error{ErrorCode::wrong_usage, "name the images to --approve or to --reject", false, {}},
                        kWrongUse);
  Json body = {{"reviewer", options.reviewer}, {"approve", options.approve}, {"reject", options.reject}};
  if (!options.notes.empty()) body["notes"] = options.notes;
  const ApiAnswer job = session.api().get(options.job.target());
  if (!job.ok()) return session.fail(job);
  return session.show(session.api().post(newest_run_of(job.body).literal("/review").text(), body), print_reviews);
}

}  // namespace

void add_job_review(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("review", "Decide about images of a job, any of them at once");
  auto options = std::make_shared<JobReview>();
  options->job.add_to(*command);
  command->add_option("--reviewer", options->reviewer, "Who decides")->required()->envname("TROUPE_REVIEWER");
  command->add_option("--approve", options->approve, "The ids of images to approve")->type_name("IMAGE ...");
  command->add_option("--reject", options->reject, "The ids of images to reject")->type_name("IMAGE ...");
  command->add_option("--notes", options->notes, "Why; kept with the decisions");
  command->callback(
      [&session, options] { session.command = [&session, options] { return review(session, *options); }; });
}

}  // namespace troupe::cli
