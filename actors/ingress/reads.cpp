// What people read: jobs, runs, assets, logs. Everything here runs on the blocking pool.
#include <algorithm>

#include "actors/ingress/lineage.hpp"
#include "actors/ingress/list_by_status.hpp"
#include "actors/ingress/node_gateway.hpp"
#include "actors/ingress/run_view.hpp"
#include "actors/job/run_loader.hpp"

namespace troupe {
namespace {

Error no_job() { return {ErrorCode::not_found, "there is no such job", false, {}}; }
Error no_run() { return {ErrorCode::not_found, "there is no such run", false, {}}; }
Error no_asset() { return {ErrorCode::not_found, "there is no such asset", false, {}}; }

}  // namespace

Result<JobRow> NodeGateway::find_job(const Caller& caller, const JobRef& ref) const {
  JobId id;
  if (ref.id) {
    id = *ref.id;
  } else {
    const auto ids = node_.reader.jobs_called(ref.job_id, caller.client_id ? caller.client_id : ref.client_id);
    if (!ids) return ids.error();
    if (ids->empty()) return no_job();
    if (ids->size() > 1)
      return {ErrorCode::ambiguous_job_id, "several clients have a job " + ref.job_id + ": name the client_id"};
    id = ids->front();
  }
  auto row = node_.reader.job(id);
  if (!row) return row.error();
  if (!*row || !may_see(caller, **row)) return no_job();
  return **std::move(row);
}

Result<JobView> NodeGateway::view_job(const Caller& caller, const JobRef& ref, bool details) const {
  auto row = find_job(caller, ref);
  if (!row) return row.error();
  JobView view;
  RunRecord newest = newest_run(*row);
  if (details) {
    auto inputs = newest_inputs(node_, *row);
    if (!inputs) return inputs.error();
    newest.inputs = *std::move(inputs);
  }
  auto run = details ? describe_run(node_, newest) : summarize_run(node_, newest);
  if (!run) return run.error();
  view.newest = *std::move(run);
  if (auto said = add_forecast(node_, newest, view.newest); !said) return said.error();
  view.row = *std::move(row);
  if (!details) return view;
  if (view.newest.number > 1) {
    const auto lineage = lineage_of(node_.reader, view.row.id);
    if (!lineage) return lineage.error();
    add_retry(*lineage, view.newest);
    RunQuery query;
    query.job = view.row.id;
    query.limit = limits::kPageMax;
    auto all = node_.reader.runs(query);
    if (!all) return all.error();
    // They come by their ids: where the clock was set back, that is not the order in which they were.
    std::sort(all->begin(), all->end(), [](const auto& one, const auto& other) { return one.number < other.number; });
    for (const RunRecord& record : *all) {
      if (record.number >= view.newest.number) break;  // the newest, or one that was begun since the job was read
      auto described = describe_run(node_, record);
      if (!described) return described.error();
      add_retry(*lineage, *described);
      view.runs.push_back(*std::move(described));
    }
  }
  view.runs.push_back(view.newest);
  return view;
}

void NodeGateway::job(const Caller& caller, JobRef job, bool details, Reply<JobView> reply) {
  read<JobView>(reply, [this, caller, job = std::move(job), details] { return view_job(caller, job, details); });
}

void NodeGateway::jobs(const Caller& caller, JobQuery query, Reply<std::vector<JobView>> reply) {
  if (caller.client_id) query.client_id = caller.client_id;
  read<std::vector<JobView>>(reply, [this, query = std::move(query)]() -> Result<std::vector<JobView>> {
    auto rows = list_by_status(node_, query, [&](const JobQuery& one) { return node_.reader.jobs(one); });
    if (!rows) return rows.error();
    std::vector<JobView> views;
    for (JobRow& row : *rows) {
      auto run = list_run(node_, newest_run(row));
      if (!run) return run.error();
      views.push_back({std::move(row), *std::move(run), {}});
    }
    return views;
  });
}

void NodeGateway::run(const Caller& caller, RunId run, Reply<RunView> reply) {
  read<RunView>(reply, [this, caller, run]() -> Result<RunView> {
    const auto record = node_.reader.run(run);
    if (!record) return record.error();
    if (!*record || !may_see(caller, (*record)->job)) return no_run();
    auto view = describe_run(node_, **record);
    if (!view || view->number == 1) return view;
    const auto lineage = lineage_of(node_.reader, view->job);
    if (!lineage) return lineage.error();
    add_retry(*lineage, *view);
    return view;
  });
}

void NodeGateway::runs(const Caller& caller, RunQuery query, Reply<std::vector<RunView>> reply) {
  if (caller.client_id) query.client_id = caller.client_id;
  read<std::vector<RunView>>(reply, [this, query = std::move(query)]() -> Result<std::vector<RunView>> {
    const auto records = list_by_status(node_, query, [&](const RunQuery& one) { return node_.reader.runs(one); });
    if (!records) return records.error();
    std::vector<RunView> views;
    for (const RunRecord& record : *records) {
      auto view = list_run(node_, record);
      if (!view) return view.error();
      views.push_back(*std::move(view));
    }
    return views;
  });
}

void NodeGateway::run_logs(const Caller& caller, RunId run, Reply<std::vector<LogPiece>> reply) {
  read<std::vector<LogPiece>>(reply, [this, caller, run]() -> Result<std::vector<LogPiece>> {
    const auto record = node_.reader.run(run);
    if (!record) return record.error();
    if (!*record || !may_see(caller, (*record)->job)) return no_run();
    const auto outline = summarize_run(node_, **record);
    if (!outline) return outline.error();
    const auto rows = node_.reader.results(run);
    if (!rows) return rows.error();
    std::vector<LogPiece> pieces;
    for (const ResultRow& row : *rows) {
      if (row.log_bytes == 0 || row.task.step >= outline->steps.size()) continue;
      pieces.push_back(
          {outline->steps[row.task.step].name, row.task.item, row.task.attempt, row.log, row.log_blob, row.log_bytes});
    }
    return pieces;
  });
}

Result<AssetView> NodeGateway::find_asset(const Caller& caller, const AssetId& asset) const {
  auto row = node_.reader.asset(asset);
  if (!row) return row.error();
  if (!*row) return no_asset();
  const auto job = node_.reader.job((*row)->job);
  if (!job) return job.error();
  if (!*job || !may_see(caller, **job)) return no_asset();
  return AssetView{**std::move(row), ReviewStatus::pending};
}

void NodeGateway::asset(const Caller& caller, AssetId asset, Reply<AssetView> reply) {
  read<AssetView>(reply, [this, caller, asset]() -> Result<AssetView> {
    auto view = find_asset(caller, asset);
    if (!view) return view;
    const auto reviews = node_.reader.reviews(view->row.run);
    if (!reviews) return reviews.error();
    view->status = review_status(*reviews, asset, 1);
    return view;
  });
}

void NodeGateway::content(const Digest& sha256, Reply<std::shared_ptr<BlobSource>> reply) {
  read<std::shared_ptr<BlobSource>>(reply, [this, sha256]() -> Result<std::shared_ptr<BlobSource>> {
    auto source = node_.blobs.open(sha256);
    if (!source) return source.error();
    return std::shared_ptr<BlobSource>(*std::move(source));
  });
}

void NodeGateway::thumbnail(const Caller& caller, AssetId asset, Reply<std::string> reply) {
  this->asset(caller, asset, [this, reply](Result<AssetView> view) {
    if (!view) return reply(view.error());
    const AssetRow* row = &view->row;
    if (!row->media_type.starts_with("image/png")) return reply(options_.type_card(*row));
    auto bytes = node_.blobs.get(row->sha256);
    if (!bytes) return reply(bytes.error());
    reply(options_.thumbnail(*bytes));
  });
}

}  // namespace troupe
