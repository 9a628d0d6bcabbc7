#include "executor/instant/noop_executor.hpp"

namespace troupe {

void NoopExecutor::start(Task, std::shared_ptr<TaskSink> sink) {
  static const Document empty("{}");
  sink->done({TaskOutputs{empty, {}}, {}});
}

}  // namespace troupe
