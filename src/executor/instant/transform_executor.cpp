#include "executor/instant/transform_executor.hpp"

#include "codec/json.hpp"
#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

Result<TaskOutputs> transform(const Document& config) {
  Json parsed = from_document(config);
  if (!parsed.is_object() || !parsed.contains("value"))
    return Error{ErrorCode::invalid_config, "a transform needs `value`", false, {}};
  if (parsed.size() > 1) return Error{ErrorCode::invalid_config, "a transform takes nothing but `value`", false, {}};
  if (config.size() > limits::kOutputBytes)
    return Error{ErrorCode::output_too_large,
                 "the value has " + std::to_string(config.size()) + " bytes, the limit is " +
                     std::to_string(limits::kOutputBytes),
                 false,
                 {}};
  return TaskOutputs{config, {}};  // {"value": …} already, and immutable
}

}  // namespace

void TransformExecutor::start(Task task, std::shared_ptr<TaskSink> sink) { sink->done({transform(task.config), {}}); }

}  // namespace troupe
