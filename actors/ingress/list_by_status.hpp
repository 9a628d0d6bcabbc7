// Lists of jobs and runs by their status. A run whose first task a worker has is shown as running, and is pending in
// the store, where such a start is not written. So a list of one of these two is made of both: what the store says, and
// what runs. Blocks.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "actors/protocol/node_context.hpp"
#include "actors/run/live_board.hpp"

namespace troupe {
namespace list_by_status_detail {

inline RunId run_of(const JobRow& job) { return job.run; }
inline RunId run_of(const RunRecord& record) { return record.run; }
inline JobId id_of(const JobRow& job) { return job.id; }
inline RunId id_of(const RunRecord& record) { return record.run; }

/// A query that few but this job can meet, and only if it meets the other one; nothing: it cannot meet both.
inline std::optional<JobQuery> narrowed(JobQuery query, const JobRow& job) {
  query.created_after = std::max(query.created_after.value_or(job.created_at - Millis(1)), job.created_at - Millis(1));
  query.created_before =
      std::min(query.created_before.value_or(job.created_at + Millis(1)), job.created_at + Millis(1));
  query.limit = limits::kPageMax;
  return query;
}
inline std::optional<RunQuery> narrowed(RunQuery query, const JobRow& job) {
  if (query.job && *query.job != job.id) return std::nullopt;
  query.job = job.id;
  return query;
}

/// Those that are pending in the store and do not run; who runs has a slot, so few are left out.
template <class Query, class Read>
auto list_pending(const NodeContext& node, Query query, Read read) -> decltype(read(query)) {
  const auto wanted = static_cast<std::size_t>(query.limit);
  auto listed = read(query);
  if (!listed) return listed;
  bool is_last = listed->size() < wanted;
  while (true) {
    const auto last = listed->empty() ? std::nullopt : std::optional(id_of(listed->back()));
    std::erase_if(*listed, [&](const auto& row) { return node.board.is_running(run_of(row)); });
    if (is_last || listed->size() >= wanted) break;
    query.before = last;
    auto more = read(query);
    if (!more) return more;
    is_last = more->size() < wanted;
    listed->insert(listed->end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  }
  if (listed->size() > wanted) listed->resize(wanted);
  return listed;
}

/// Those that are running in the store, and those that run.
template <class Query, class Read>
auto list_running(NodeContext& node, const Query& query, Read read) -> decltype(read(query)) {
  const auto wanted = static_cast<std::size_t>(query.limit);
  auto listed = read(query);
  if (!listed) return listed;
  std::vector<JobRow> started;  // a job that was retried has an old id and the newest run
  for (const RunId& run : node.board.running()) {
    auto record = node.reader.run(run);
    if (!record) return record.error();
    if (*record && (*record)->job.run == run && (*record)->job.status == Status::pending)
      started.push_back(std::move((*record)->job));
  }
  for (const JobRow& job : started) {
    auto one = narrowed(query, job);
    if (!one) continue;
    one->status = Status::pending;
    auto rows = read(*one);
    if (!rows) return rows;
    for (auto& row : *rows)
      if (run_of(row) == job.run) listed->push_back(std::move(row));
  }
  std::sort(listed->begin(), listed->end(), [](const auto& a, const auto& b) { return id_of(a) > id_of(b); });
  if (listed->size() > wanted) listed->resize(wanted);
  return listed;
}

}  // namespace list_by_status_detail

/// `read` asks the store. Newest first, at most query.limit; fewer only where there are no more.
template <class Query, class Read>
auto list_by_status(NodeContext& node, const Query& query, Read read) -> decltype(read(query)) {
  if (query.status == Status::pending) return list_by_status_detail::list_pending(node, query, read);
  if (query.status == Status::running) return list_by_status_detail::list_running(node, query, read);
  return read(query);
}

}  // namespace troupe
