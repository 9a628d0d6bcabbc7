// The value of a secret is given to the tasks that name it, and never kept or shown: not in rows, records, blobs, views
// or events, whatever an executor gives back.
#include "sim/checkers/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class Secrets final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "secrets"; }

  void task_begins(const Life&, std::string_view, const Task& task) override {
    const StoredJob& job = *world_.jobs().find(task.job);
    if (task.key.run != job.row.run) return;
    const StepDefinition& step = job.workflow->steps.at(task.key.step);
    const Document& form = task.key.compensation ? step.compensate->config : step.config;
    if (form.view().find(kSecretMark) == std::string_view::npos) return;
    world_.saw("secret given");
    expect(holds_secret(task.config.view()), "a task is given the secret that it names", task.step);
  }

  void stored(const StoredChange& change) override {
    const Change& written = change.change;
    const std::string what = to_string(change.id);
    if (written.insert)
      keeps_none({written.insert->state, text(written.insert->outputs), text(written.insert->error)}, what);
    if (written.update)
      keeps_none({written.update->state, text(written.update->outputs), text(written.update->error)}, what);
    if (written.journal) keeps_none({written.journal->records}, what);
    for (const ResultRow& row : written.results) keeps_none({text(row.outputs), text(row.error), row.log}, what);
  }

  void shown(const Request& request, const Result<JobView>& result) override {
    if (!result) return;
    for (const StepView& step : result->newest.steps)
      keeps_none({step.message, text(step.outputs), text(step.error)}, request.mark());
  }

  void at_end(const Census&) override {
    for (const auto& [digest, bytes] : world_.store().stored_blobs()) keeps_none({bytes}, "a blob");
  }

 private:
  static std::string text(const Document& document) { return std::string(document.view()); }

  static void keeps_none(const std::vector<std::string>& texts, const std::string& what) {
    for (const std::string& one : texts) expect(!holds_secret(one), "no secret is kept or shown", what);
  }
};

}  // namespace

std::unique_ptr<Checker> make_secrets(World& world) { return std::make_unique<Secrets>(world); }

}  // namespace troupe::sim
