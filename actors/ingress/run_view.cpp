#include "actors/ingress/run_view.hpp"

#include <algorithm>
#include <map>

#include "actors/forecast/forecast.hpp"
#include "actors/ingress/workflow_catalog.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/run/live_board.hpp"
#include "actors/switches/kill_switches.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"
#include "codec/unavailable.hpp"

namespace troupe {
namespace {

struct Loaded {
  RunState state;
  WorkflowPtr workflow;
  KnownDelays delays;
};

Result<Loaded> load(NodeContext& node, const RunRecord& record) {
  const std::string& bytes = record.archive ? record.archive->state : record.job.state;
  const std::uint32_t version = record.archive ? record.archive->workflow_version : record.job.run_workflow_version;
  auto state = decode_run_state(bytes);
  if (!state) return state.error();
  auto found = node.workflows.load(record.job.workflow_key, version);
  if (!found) return found.error();
  if (found->entry->workflow.steps.size() != state->steps.size())
    return {ErrorCode::store_corrupt, "the run's state does not fit its workflow definition"};
  return Loaded{*std::move(state), definition_of(found->entry), found->entry->delays};
}

RunView outline(const RunRecord& record, const Loaded& loaded, Timestamp now) {
  RunView view;
  view.id = record.run;
  view.job = record.job.id;
  view.client_job_id = record.job.job_id;
  view.client_id = record.job.client_id;
  view.workflow_key = record.job.workflow_key;
  view.workflow_version = loaded.workflow->version;
  view.number = loaded.state.number;
  view.status = loaded.state.status;
  view.waiting_for = waiting_for(loaded.state, now);
  view.progress = progress_of(loaded.state);
  view.created_at = loaded.state.accepted_at;
  view.started_at = loaded.state.started_at;
  view.ended_at = loaded.state.ended_at;
  view.updated_at = record.archive ? loaded.state.ended_at : record.job.updated_at;
  view.recoveries = loaded.state.epoch;
  view.outputs = record.archive ? record.archive->outputs : record.job.outputs;
  view.error = record.archive ? record.archive->error : record.job.error;
  return view;
}

/// How the undoing of a step stands; nothing where it has none, or was not asked to.
std::optional<Status> compensation_status(const Loaded& loaded, std::size_t index) {
  const RunState& state = loaded.state;
  const StepState& step = state.steps[index];
  const std::string pointer = "/steps/" + std::to_string(index) + "/compensate";
  const auto concerns = [&](const Fault& fault) { return fault.pointer == pointer; };
  if (state.compensation && state.compensation_step == index) return Status::running;
  if (step.compensated.count() == 0) return std::nullopt;
  if (std::any_of(state.not_undone.begin(), state.not_undone.end(), concerns)) return Status::failed;
  return step.compensated.count() < step.done.count() ? Status::running : Status::success;
}

std::vector<StepView> outline_steps(const Loaded& loaded, Timestamp now) {
  std::vector<StepView> views;
  for (std::size_t i = 0; i < loaded.state.steps.size(); ++i) {
    const StepState& step = loaded.state.steps[i];
    const StepDefinition& definition = loaded.workflow->steps[i];
    StepView view;
    view.name = definition.name;
    view.type = definition.type;
    view.status = step.status;
    view.waiting_for = waiting_for(step, now);
    view.items = step.items;
    view.items_done = step.done.count();
    view.items_failed = step.failed.count();
    view.compensation = compensation_status(loaded, i);
    view.for_each = !definition.for_each.empty();
    view.progress = has_ended(step.status) ? 1.0
                    : step.items == 0      ? 0.0
                                           : static_cast<double>(view.items_done + view.items_failed) / step.items;
    view.started_at = step.started_at;
    view.ended_at = step.ended_at;
    view.result_run = step.result_run;
    view.in_doubt = doubts_of(loaded.state, static_cast<StepIndex>(i));
    if (step.error) view.error = to_document(error_to_json(*step.error));
    views.push_back(std::move(view));
  }
  return views;
}

/// Tasks that run right now show as running, with their progress, although nothing of it is stored yet.
void lay_over(const LiveRun& live, const RunState& state, RunView& view) {
  if (has_ended(view.status)) return;
  if (live.undoing && state.compensation && !live.undoing->message.empty())
    view.message = view.steps[state.compensation_step].message = live.undoing->message;
  double added = 0;
  for (const auto& [place, task] : live.tasks) {
    if (place.first >= view.steps.size()) continue;
    StepView& step = view.steps[place.first];
    if (has_ended(step.status) || step.items == 0) continue;
    view.status = Status::running;
    view.waiting_for = step.waiting_for = WaitingFor::nothing;
    if (view.started_at == kNever || task.since < view.started_at) view.started_at = task.since;
    if (step.started_at == kNever || task.since < step.started_at) step.started_at = task.since;
    step.progress += task.fraction / step.items;
    added += task.fraction / step.items;
    if (!task.message.empty()) view.message = step.message = task.message;
  }
  view.progress = std::min(1.0, view.progress + added / static_cast<double>(state.steps.size()));
}

/// What a step waits for that could run: the broker has it, or holds it back.
WaitingFor wait_of_queued(const NodeContext& node, const RunView& view) {
  const SwitchedWork work{view.workflow_key, view.client_id, kOnlyPool, node.node_name};
  return node.switches.holding(work) ? WaitingFor::kill_switch : WaitingFor::worker;
}

/// Steps that could run but have no worker yet.
void note_queued(const RunState& state, const std::optional<LiveRun>& live, WaitingFor wait, RunView& view) {
  bool all_queued = !(live && live->undoing && state.compensation);
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    StepView& step = view.steps[i];
    if (step.status != Status::running || step.waiting_for != WaitingFor::nothing) continue;
    bool running = false;
    if (live)
      for (const auto& [place, task] : live->tasks) running = running || place.first == i;
    if (running)
      all_queued = false;
    else {
      step.waiting_for = wait;
      if (step.items_done == 0) step.status = Status::pending;
    }
  }
  if (all_queued && !has_ended(view.status) && view.waiting_for == WaitingFor::nothing) view.waiting_for = wait;
}

Document combine_items(const std::map<ItemIndex, Document>& items, ItemIndex count) {
  std::string list = "[";
  for (ItemIndex item = 0; item < count; ++item) {
    if (item > 0) list += ',';
    const auto found = items.find(item);
    list += found == items.end() ? "null" : found->second.present() ? found->second.view() : "{}";
  }
  return Document(list + "]");
}

Result<Done> add_results(NodeContext& node, const Loaded& loaded, RunView& view) {
  std::map<RunId, std::vector<ResultRow>> by_run;
  std::map<std::size_t, std::map<ItemIndex, Document>> outputs;
  const auto rows_of = [&](const RunId& run) -> Result<const std::vector<ResultRow>*> {
    if (const auto found = by_run.find(run); found != by_run.end()) return &found->second;
    auto rows = run == loaded.state.run ? node.reader.results(run) : results_of(node, run, *loaded.workflow);
    if (!rows) return rows.error();
    return &(by_run[run] = *std::move(rows));
  };
  for (std::size_t i = 0; i < view.steps.size(); ++i) {
    const StepState& state = loaded.state.steps[i];
    const auto rows = rows_of(state.result_run.is_nil() ? loaded.state.run : state.result_run);
    if (!rows) return rows.error();
    for (const ResultRow& row : **rows) {
      if (row.task.step != i) continue;
      view.steps[i].attempts.push_back({row.task.item, row.task.attempt, row.task.compensation, row.status, row.worker,
                                        row.started_at, row.ended_at, row.error, row.log_bytes});
      if (row.task.compensation) continue;
      if (row.status == Status::failed && state.failed.test(row.task.item))
        outputs[i][row.task.item] = to_document(Json{{"error", from_document(row.error)}});
      if (row.status != Status::success) continue;
      auto document = outputs_of(node, row);
      if (!document) return document.error();
      outputs[i][row.task.item] = *document;
    }
    if (view.steps[i].status != Status::success) continue;
    const auto& items = outputs[i];
    if (view.steps[i].for_each)
      view.steps[i].outputs = combine_items(items, state.items);
    else
      view.steps[i].outputs = items.contains(0) && items.at(0).present() ? items.at(0) : Document("{}");
  }
  return Done{};
}

Result<Done> add_assets(NodeContext& node, const Loaded& loaded, RunView& view) {
  std::map<RunId, bool> runs{{loaded.state.run, true}};
  for (const StepState& step : loaded.state.steps)
    if (!step.result_run.is_nil()) runs[step.result_run] = true;
  for (const auto& [run, wanted] : runs) {
    auto assets = node.reader.assets_of_run(run);
    if (!assets) return assets.error();
    for (AssetRow& asset : *assets) {
      const auto step = loaded.workflow->find_step(asset.step);
      const bool reused = step && loaded.state.steps[*step].result_run == run;
      if (run == loaded.state.run || reused) view.assets.push_back(std::move(asset));
    }
  }
  return Done{};
}

/// Most runs have nothing that anybody could decide about, and cost no look-up.
Result<Done> add_reviews(NodeContext& node, const Loaded& loaded, RunView& view) {
  const auto is_approval = [](const StepDefinition& step) { return step.type == StepType::approval; };
  const auto& steps = loaded.workflow->steps;
  if (view.assets.empty() && std::none_of(steps.begin(), steps.end(), is_approval)) return Done{};
  auto reviews = node.reader.reviews(view.id);
  if (!reviews) return reviews.error();
  std::uint32_t min_approvers = 1;
  for (const ApprovalState& approval : loaded.state.approvals)
    min_approvers = std::max(min_approvers, approval.terms.min_approvers);
  for (const ReviewRow& review : *reviews)
    view.asset_status[review.asset] = review_status(*reviews, review.asset, min_approvers);
  view.reviews = *std::move(reviews);
  return Done{};
}

/// Does a kill switch hold anything of it? Nobody can tell how long.
bool is_held(const RunView& view) {
  return view.waiting_for == WaitingFor::kill_switch ||
         std::any_of(view.steps.begin(), view.steps.end(),
                     [](const StepView& step) { return step.waiting_for == WaitingFor::kill_switch; });
}

}  // namespace

ReviewStatus review_status(const std::vector<ReviewRow>& reviews, const AssetId& asset, std::uint32_t min_approvers) {
  std::uint32_t approvals = 0;
  for (const ReviewRow& review : reviews) {
    if (review.asset != asset) continue;
    if (!review.approved) return ReviewStatus::rejected;
    ++approvals;
  }
  return approvals >= min_approvers ? ReviewStatus::approved : ReviewStatus::pending;
}

RunRecord newest_run(const JobRow& row) {
  RunRecord record;
  record.job = row;
  record.run = row.run;
  return record;
}

Result<RunView> summarize_run(NodeContext& node, const RunRecord& record) {
  const auto loaded = load(node, record);
  if (!loaded) return loaded.error();
  const Timestamp now = node.clock.now();
  RunView view = outline(record, *loaded, now);
  view.steps = outline_steps(*loaded, now);
  const auto live = node.board.find(record.run);
  if (live) lay_over(*live, loaded->state, view);
  note_queued(loaded->state, live, wait_of_queued(node, view), view);
  return view;
}

Result<RunView> list_run(NodeContext& node, const RunRecord& record) {
  auto view = summarize_run(node, record);
  if (view || view.error().code != ErrorCode::store_corrupt) return view;
  const JobRow& job = record.job;
  RunView bare;
  bare.id = record.run;
  bare.job = job.id;
  bare.client_job_id = job.job_id;
  bare.client_id = job.client_id;
  bare.workflow_key = job.workflow_key;
  bare.workflow_version = record.archive ? record.archive->workflow_version : job.run_workflow_version;
  bare.number = record.number;
  bare.status = record.archive ? record.archive->status : job.status;
  bare.message = view.error().message;
  bare.created_at = record.run.created_at();
  bare.updated_at = job.updated_at;
  bare.error = record.archive ? record.archive->error : job.error;
  return bare;
}

Result<Done> add_forecast(NodeContext& node, const RunRecord& record, RunView& view) {
  if (has_ended(view.status) || is_held(view)) return Done{};
  const auto loaded = load(node, record);
  if (!loaded) return loaded.error();
  if (loaded->state.phase != RunPhase::forward) return Done{};  // what is undone takes its time, deadline or not
  const Timestamp now = node.clock.now();
  const auto live = node.board.find(record.run);
  const ForecastSubject subject{loaded->state,       *loaded->workflow,    loaded->delays,
                                record.job.priority, record.job.client_id, live ? &*live : nullptr};
  view.estimated_completion =
      node.forecast.say(subject, *node.forecast.history_of(record.job.workflow_key, now), now).end;
  view.queue = node.forecast.place_of(subject, now);
  if (view.queue) view.estimated_completion = std::max(view.estimated_completion, view.queue->estimated_start);
  return Done{};
}

Result<RunView> describe_run(NodeContext& node, const RunRecord& record) {
  auto view = summarize_run(node, record);
  if (!view) return view;
  const auto loaded = load(node, record);
  if (!loaded) return loaded.error();
  view->inputs = record.inputs.present() ? record.inputs : job_facts(record.job, {})->inputs;
  if (auto added = add_results(node, *loaded, *view); !added) return added.error();
  if (auto added = add_assets(node, *loaded, *view); !added) return added.error();
  if (auto added = add_reviews(node, *loaded, *view); !added) return added.error();
  return view;
}

}  // namespace troupe
