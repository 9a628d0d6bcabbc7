// What a client is shown of a job was durable at some moment between its request and the answer; and a job that is
// there is found.
#include <algorithm>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class TrueViews final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "true views"; }

  void shown(const Request& request, const Result<JobView>& result) override {
    if (!result) {
      expect(result.error().code != ErrorCode::not_found, "a job that is durable is found", request.mark());
      return;
    }
    const JobRow& row = result->row;
    const StoredJob& job = *world_.jobs().find(*request.job);
    expect(row.id == job.row.id && row.client_id == job.row.client_id, "a view is of the job that was asked for",
           request.mark());
    expect(row.last_seq >= request.seq_then, "a view is not older than its request", request.mark());
    const bool was_so = std::any_of(job.versions.begin(), job.versions.end(), [&](const auto& version) {
      return version.first == row.last_seq && version.second == row.status;
    });
    expect(was_so, "what is shown of a job was durable", request.mark());
    expect(result->newest.id == row.run && job.runs.contains(row.run), "the run that is shown is the job's newest",
           request.mark());
    if (has_ended(row.status))
      expect(result->newest.status == row.status, "a run is shown as it ended", request.mark());
  }
};

}  // namespace

std::unique_ptr<Checker> make_true_views(World& world) { return std::make_unique<TrueViews>(world); }

}  // namespace troupe::sim
