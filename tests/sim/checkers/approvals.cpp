// What reviewers decide is recorded once a reviewer and image, in the trail and as a row, before they are told so. An
// approval counts what is decided before it begins and while it is under way, ends once and as soon as it can, with
// exactly what was decided by then, or by its policy when its time is over; and what needs it is given that.
#include <map>
#include <set>
#include <vector>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

/// Second book-keeping of an approval under way.
struct Asked {
  ApprovalTerms terms;
  std::vector<AssetId> images;
  Timestamp due;
  std::map<AssetId, std::set<std::string>> approvals, rejections;  ///< reviewers

  std::vector<AssetId> rejected() const {
    return those([&](const AssetId& image) { return rejections.contains(image); });
  }
  std::vector<AssetId> not_rejected() const {
    return those([&](const AssetId& image) { return !rejections.contains(image); });
  }
  std::vector<AssetId> approved() const {
    return those([&](const AssetId& image) {
      const auto by = approvals.find(image);
      return by != approvals.end() && by->second.size() >= terms.min_approvers && !rejections.contains(image);
    });
  }
  bool has_enough() const { return approved().size() >= terms.min_approved; }
  bool has_failed() const { return not_rejected().size() < terms.min_approved; }

 private:
  template <class Is>
  std::vector<AssetId> those(Is is) const {
    std::vector<AssetId> found;
    for (const AssetId& image : images)
      if (is(image)) found.push_back(image);
    return found;
  }
};

std::vector<AssetId> ids_of(const Json& assets) {
  std::vector<AssetId> ids;
  for (const Json& asset : assets) ids.push_back(parse_id<AssetId>(asset.at("id").get<std::string>()).value());
  return ids;
}

class Approvals final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "approvals"; }

  void stored(const StoredChange& change) override {
    if (change.job == nullptr) return;
    note_decisions(change);
    for (const Event& event : change.events) {
      if (const auto* begun = std::get_if<ItemBegun>(&event); begun && begun->approval) begin(*change.job, *begun);
      if (const auto* reviewed = std::get_if<AssetReviewed>(&event)) count(*change.job, *reviewed);
      if (const auto* completed = std::get_if<TaskCompleted>(&event); completed && is_approval(change, completed->task))
        complete(change, completed->task);
      if (const auto* failed = std::get_if<TaskFailed>(&event); failed && is_approval(change, failed->task))
        fail(change, failed->task, failed->error.code);
      if (const auto* cancelled = std::get_if<TaskCancelled>(&event)) open_.erase(place(cancelled->task));
    }
    const RunState& state = change.job->state;
    for (auto ask = open_.lower_bound({state.run, 0, 0}); ask != open_.end() && std::get<0>(ask->first) == state.run;
         ++ask) {
      expect(state.phase != RunPhase::ended, "no approval goes on after its run", to_string(state.run));
      expect(state.phase != RunPhase::forward || (!ask->second.has_enough() && !ask->second.has_failed()),
             "an approval ends as soon as it is decided", to_string(state.run));
    }
  }

  void changed(const Request& request, const Result<JobChange>& result) override {
    if (request.ask != Ask::review) return;
    const std::string mark = request.mark();
    const ReviewImages& review = *request.review;
    const auto each = [&](const auto& look) {
      for (const AssetId& image : review.approve) look(decision_of(review, image), true);
      for (const AssetId& image : review.reject) look(decision_of(review, image), false);
    };
    if (result) {
      each([&](std::optional<bool> decided, bool approved) {
        expect(decided == approved, "a review that was taken is durable", mark);
      });
      return;
    }
    if (result.error().code == ErrorCode::internal) return;  // it broke: nobody knows what came of it
    refused_.insert(mark);
    expect(!wrote_.contains(mark), "a review that was refused is not recorded", mark);
    if (result.error().code != ErrorCode::already_reviewed) return;
    world_.saw("review refused");
    bool differs = false;
    each([&](std::optional<bool> decided, bool approved) { differs |= decided == !approved; });
    expect(differs, "a review is refused only where the opposite was decided", mark);
  }

  void task_begins(const Life&, std::string_view, const Task& task) override {
    const StoredJob& job = *world_.jobs().find(task.job);
    if (task.key.run != job.row.run || task.key.compensation) return;
    const Json config = from_document(task.config);
    const char* where = config.contains("body") ? "body" : "value";
    if (!config.contains(where) || !config.at(where).contains("seen")) return;
    const Json& seen = config.at(where).at("seen");
    for (const StepIndex need : job.workflow->steps.at(task.key.step).needs) {
      const StepDefinition& step = job.workflow->steps.at(need);
      if (step.type != StepType::approval || job.state.steps.at(need).status != Status::success) continue;
      const auto given = given_.find({job.run_of_results(need), step.name});
      if (given == given_.end()) continue;  // reused of a version in which it was of another type; or all failed
      for (const auto& [item, outputs] : given->second)
        expect((step.for_each.empty() ? seen.at(step.name) : seen.at(step.name).at(item)) == outputs,
               "what needs an approval is given what it decided", task.step + " of " + to_string(task.key.run));
    }
  }

  void at_end(const Census&) override { expect(open_.empty(), "every approval ends"); }

 private:
  using Place = std::tuple<RunId, StepIndex, ItemIndex>;
  using DecisionKey = std::tuple<RunId, AssetId, std::string>;

  static Place place(const TaskKey& task) { return {task.run, task.step, task.item}; }
  static std::string text(const TaskKey& task) {
    return "step " + std::to_string(task.step) + " of " + to_string(task.run) + ", item " + std::to_string(task.item);
  }
  static bool is_approval(const StoredChange& change, const TaskKey& task) {
    return !task.compensation && change.job->workflow->steps.at(task.step).type == StepType::approval;
  }

  std::optional<bool> decision_of(const ReviewImages& review, const AssetId& image) const {
    const auto found = decided_.find({review.run, image, review.reviewer});
    return found == decided_.end() ? std::nullopt : std::optional(found->second);
  }

  void note_decisions(const StoredChange& change) {
    std::map<DecisionKey, bool> told, rows;
    for (const Json& record : change.records) {
      const std::string& action = record.at("action").get_ref<const std::string&>();
      if (action != "asset.approved" && action != "asset.rejected") continue;
      const Json& details = record.at("details");
      const DecisionKey key{change.job->row.run, parse_id<AssetId>(details.at("asset").get<std::string>()).value(),
                            details.at("reviewer").get<std::string>()};
      const std::string mark = record.at("actor");
      expect(told.emplace(key, action == "asset.approved").second && decided_.emplace(key, told[key]).second,
             "a reviewer decides about an image once", mark + ", " + std::get<std::string>(key));
      expect(!refused_.contains(mark), "of a review that was refused nothing comes", mark);
      wrote_.insert(mark);
    }
    for (const ReviewRow& row : change.change.reviews) rows[{row.run, row.asset, row.reviewer}] = row.approved;
    expect(told == rows, "the trail tells the decisions that are rows", to_string(change.id));
  }

  void begin(const StoredJob& job, const ItemBegun& begun) {
    Asked ask{begun.approval->terms, job.images_asked_for(begun.step), begun.due, {}, {}};
    expect(ask.terms.assets == ask.images.size(), "an approval asks for what the step gave that it needs",
           to_string(job.state.run));
    ApprovalState known{begun.step, begun.item, ask.terms, {}, {}};
    for (std::uint32_t image = 0; image < ask.images.size(); ++image)
      for (auto made = decided_.lower_bound({job.state.run, ask.images[image], ""});
           made != decided_.end() && std::get<0>(made->first) == job.state.run &&
           std::get<1>(made->first) == ask.images[image];
           ++made) {
        (made->second ? ask.approvals : ask.rejections)[ask.images[image]].insert(std::get<2>(made->first));
        known.count(image, made->second);
      }
    expect(known == *begun.approval, "an approval begins with what was decided before", to_string(job.state.run));
    if (!known.approvals.empty() || known.rejected.count() > 0) world_.saw("approval decided about before it began");
    open_[{job.state.run, begun.step, begun.item}] = std::move(ask);
  }

  void count(const StoredJob& job, const AssetReviewed& reviewed) {
    if (reviewed.places.empty()) world_.saw("review that nobody asks for");
    for (const AssetReviewed::Place& counts : reviewed.places) {
      Asked& ask = open_.at({job.state.run, counts.step, counts.item});
      (reviewed.approved ? ask.approvals : ask.rejections)[reviewed.asset].insert(reviewed.reviewer);
    }
  }

  /// It ends now.
  Asked take(const TaskKey& task) {
    const auto found = open_.find(place(task));
    expect(found != open_.end(), "an approval ends once", text(task));
    Asked ask = std::move(found->second);
    open_.erase(found);
    return ask;
  }

  void complete(const StoredChange& change, const TaskKey& task) {
    const Asked ask = take(task);
    const ResultRow* row = nullptr;
    for (const ResultRow& result : change.change.results)
      if (result.task == task) row = &result;
    expect(row != nullptr, "what an approval gives is stored with its end", text(task));
    const Json outputs = from_document(row->outputs);
    std::vector<AssetId> approved = ask.approved();
    if (outputs.value("expired", false)) {
      is_over(change, ask, task);
      expect(ask.terms.on_expiry == OnExpiry::approve || ask.terms.on_expiry == OnExpiry::skip,
             "an approval whose time is over ends by its policy", text(task));
      if (ask.terms.on_expiry == OnExpiry::approve) approved = ask.not_rejected();
      world_.saw("approval expired");
    } else {
      expect(ask.has_enough(), "an approval succeeds when enough is approved", text(task));
      world_.saw("approval succeeded");
    }
    expect(ids_of(outputs.at("approved")) == approved && ids_of(outputs.at("rejected")) == ask.rejected(),
           "an approval gives what was decided", text(task) + ": " + to_text(outputs));
    tells_decisions(ask, task, outputs.at("decisions"));
    const StepDefinition& step = change.job->workflow->steps.at(task.step);
    given_[{task.run, step.name}][task.item] = outputs;
  }

  /// Those that it counted, and perhaps some that were made before it began.
  void tells_decisions(const Asked& ask, const TaskKey& task, const Json& decisions) const {
    std::map<AssetId, std::set<std::string>> approvals, rejections;
    for (const Json& decision : decisions) {
      const AssetId asset = parse_id<AssetId>(decision.at("asset_id").get<std::string>()).value();
      const std::string reviewer = decision.at("reviewer");
      const bool approved = decision.at("decision") == "approved";
      const auto decided = decided_.find({task.run, asset, reviewer});
      expect(decided != decided_.end() && decided->second == approved, "an approval tells decisions that were made",
             text(task) + ", of " + reviewer);
      expect((approved ? approvals : rejections)[asset].insert(reviewer).second, "an approval tells each decision once",
             text(task) + ", of " + reviewer);
    }
    const auto has_all = [](const auto& told, const auto& counted) {
      for (const auto& [asset, reviewers] : counted)
        for (const std::string& reviewer : reviewers)
          if (!told.contains(asset) || !told.at(asset).contains(reviewer)) return false;
      return true;
    };
    expect(has_all(approvals, ask.approvals) && has_all(rejections, ask.rejections),
           "an approval tells every decision that it counted", text(task));
  }

  void fail(const StoredChange& change, const TaskKey& task, ErrorCode code) {
    const bool is_decided = code == ErrorCode::approval_rejected || code == ErrorCode::step_timeout;
    if (!is_decided && !open_.contains(place(task))) return;  // it could not begin
    const Asked ask = take(task);
    expect(is_decided, "an approval fails by what is decided, or by its time", text(task));
    if (code == ErrorCode::approval_rejected && ask.has_failed()) return world_.saw("approval rejected");
    is_over(change, ask, task);
    const OnExpiry by = code == ErrorCode::step_timeout ? OnExpiry::fail : OnExpiry::reject;
    expect(ask.terms.on_expiry == by, "an approval whose time is over ends by its policy", text(task));
    world_.saw("approval expired");
  }

  static void is_over(const StoredChange& change, const Asked& ask, const TaskKey& task) {
    expect(ask.due != kNever && ask.due <= change.life->clock_latest, "no approval expires early", text(task));
  }

  std::map<Place, Asked> open_;
  std::map<DecisionKey, bool> decided_;    ///< as they are durable
  std::set<std::string> wrote_, refused_;  ///< reviews, by mark
  std::map<std::pair<RunId, std::string>, std::map<ItemIndex, Json>> given_;
};

}  // namespace

std::unique_ptr<Checker> make_approvals(World& world) { return std::make_unique<Approvals>(world); }

}  // namespace troupe::sim
