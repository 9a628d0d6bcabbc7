// Step type `noop`: gives `{}`, whatever its config is. Ends before start() returns, so there is nothing to stop.
#pragma once

#include "troupe/port/executor.hpp"

namespace troupe {

class NoopExecutor final : public Executor {
 public:
  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey&) override {}
};

}  // namespace troupe
