// Step type `http` (also called `webhook`): one HTTP call. See http_config.hpp for what it takes, http_outcome.hpp for
// what it gives.
//
// Every attempt of a task sends the same `Idempotency-Key: RUN/STEP/ITEM` (and `/undo` for a compensation), unless the
// step sets one of its own: a task runs at least once, and this is how a target can make it count once. The trace of the
// job goes on in `traceparent`, with a span of its own for each attempt.
#pragma once

#include <memory>

#include "troupe/base/clock.hpp"
#include "troupe/port/executor.hpp"
#include "troupe/port/http_client.hpp"

namespace troupe {

class HttpExecutor final : public Executor {
 public:
  /// All three must outlive the calls under way: destroy the client before them.
  HttpExecutor(HttpClient& client, Clock& clock, Random& random);
  /// Cancels the calls under way; their sinks are told by the client.
  ~HttpExecutor() override;

  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;

 private:
  struct Call;
  struct Calls;

  HttpClient& client_;
  Clock& clock_;
  Random& random_;
  const std::shared_ptr<Calls> calls_;  ///< shared with the replies, which may come after this is gone
};

}  // namespace troupe
