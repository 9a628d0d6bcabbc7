// What a run looks like to people: its stored state with the live board laid over it.
#pragma once

#include "actors/protocol/node_context.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

/// What the decisions make of an image, where so many reviewers have to approve it.
ReviewStatus review_status(const std::vector<ReviewRow>& reviews, const AssetId& asset, std::uint32_t min_approvers);

/// From what a run record says, without steps' outputs, attempts and assets: for lists. Blocks only on the workflow
/// cache.
Result<RunView> summarize_run(NodeContext& node, const RunRecord& record);
/// As summarize_run, for lists: one that cannot be read (store_corrupt) is shown as its rows tell, with the reason as
/// its message, and does not hide the others.
Result<RunView> list_run(NodeContext& node, const RunRecord& record);
/// Everything. Blocks.
Result<RunView> describe_run(NodeContext& node, const RunRecord& record);
/// When the run will probably end, and where it stands in a queue; nothing of one that has ended, or that a kill switch
/// holds. The view is that of summarize_run. Blocks on the workflow cache only.
Result<Done> add_forecast(NodeContext& node, const RunRecord& record, RunView& view);
/// The record of a job's newest run.
RunRecord newest_run(const JobRow& row);

}  // namespace troupe
