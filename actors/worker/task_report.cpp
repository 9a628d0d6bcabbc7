#include "actors/worker/task_report.hpp"

#include <exception>

#include "codec/json.hpp"
#include "troupe/base/id.hpp"

namespace troupe {
namespace {

Json number_or_null(std::uint32_t number) { return number == 0 ? Json() : Json(number); }

Json asset_json(const AssetRow& row, const std::string& uri) {
  return {{"id", to_string(row.id)},
          {"run_id", to_string(row.run)},
          {"step", row.step},
          {"ordinal", row.ordinal},
          {"name", row.name},
          {"uri", uri},
          {"url", "/v1/assets/" + to_string(row.id) + "/content"},
          {"media_type", row.media_type},
          {"bytes", row.bytes},
          {"sha256", to_hex(row.sha256)},
          {"width", number_or_null(row.width)},
          {"height", number_or_null(row.height)},
          {"status", "pending"},
          {"created_at", format_rfc3339(row.created_at)}};
}

std::vector<AssetRow> make_rows(NodeContext& node, const Task& task, const std::vector<NewAsset>& assets) {
  IdFactory ids(node.clock, node.random);
  std::vector<AssetRow> rows;
  for (const NewAsset& asset : assets) {
    AssetRow row;
    row.id = ids.make<AssetId>(task.key.run.slot());
    row.job = task.job;
    row.run = task.key.run;
    row.step = task.step;
    row.item = task.key.item;
    row.ordinal = static_cast<std::uint32_t>(rows.size() + 1);
    row.name = asset.name;
    row.media_type = asset.media_type;
    row.bytes = asset.bytes;
    row.sha256 = asset.sha256;
    row.width = asset.width;
    row.height = asset.height;
    row.created_at = node.clock.now();
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The outputs with the assets among them.
Document complete_outputs(NodeContext& node, const TaskOutputs& given, const std::vector<AssetRow>& rows) {
  if (rows.empty() && given.outputs.present()) return given.outputs;
  Json outputs = from_document(given.outputs);
  if (!rows.empty()) {
    Json list = Json::array();
    for (const AssetRow& row : rows) list.push_back(asset_json(row, node.blobs.location(row.sha256)));
    outputs["assets"] = std::move(list);
  }
  return to_document(outputs);
}

void store_large_parts(NodeContext& node, TaskEnded& ended) {
  const auto store = [&](std::string_view bytes, std::optional<BlobInfo>& info) {
    auto stored = node.blobs.put(bytes);
    if (stored)
      info = *stored;
    else if (ended.outputs)
      ended.outputs = stored.error();
  };
  if (ended.log.size() > limits::kInlineDocumentBytes) {
    store(ended.log, ended.log_blob);
    ended.log.clear();
  }
  if (ended.outputs && ended.outputs->size() > limits::kInlineDocumentBytes) {
    const Document outputs = *ended.outputs;
    store(outputs.view(), ended.outputs_blob);
  }
}

/// What the executor gave, as the run is to have it.
void fill(NodeContext& node, const Task& task, TaskOutcome outcome, TaskEnded& ended) {
  ended.log = std::move(outcome.log);
  if (outcome.result) {
    ended.assets = make_rows(node, task, outcome.result->assets);
    ended.outputs = complete_outputs(node, *outcome.result, ended.assets);
    if (ended.outputs->size() > limits::kOutputBytes)
      ended.outputs = Error{ErrorCode::output_too_large,
                            "the step gave " + std::to_string(ended.outputs->size()) + " bytes; at most " +
                                std::to_string(limits::kOutputBytes) + " are allowed",
                            false,
                            {}};
  } else {
    ended.outputs = outcome.result.error();
  }
  store_large_parts(node, ended);
}

}  // namespace

bool needs_blobs(const TaskOutcome& outcome) {
  if (outcome.log.size() > limits::kInlineDocumentBytes) return true;
  if (!outcome.result) return false;
  constexpr std::size_t kAssetJsonBytes = 700;
  return outcome.result->outputs.size() + outcome.result->assets.size() * kAssetJsonBytes >
         limits::kInlineDocumentBytes;
}

TaskEndedPtr make_report(NodeContext& node, const Task& task, const std::string& worker, Timestamp started_at,
                         TaskOutcome outcome) {
  auto ended = std::make_shared<TaskEnded>();
  ended->in_flight = node.health.outcomes.take();
  ended->task = task.key;
  ended->worker = worker;
  ended->started_at = started_at;
  try {
    fill(node, task, std::move(outcome), *ended);
  } catch (const std::exception& fault) {  // no memory
    ended->assets.clear();
    ended->outputs =
        Error{ErrorCode::executor_failed, std::string("what the step gave cannot be used: ") + fault.what(), false, {}};
  }
  ended->ended_at = node.clock.now();
  return ended;
}

}  // namespace troupe
