// Step type `transform`: gives `{"value": config.value}`. The expressions in it were evaluated by the core, so nothing is
// left to do here. Ends before start() returns, so there is nothing to stop.
#pragma once

#include "troupe/port/executor.hpp"

namespace troupe {

class TransformExecutor final : public Executor {
 public:
  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey&) override {}
};

}  // namespace troupe
