#include <gtest/gtest.h>

#include "codec/json.hpp"
#include "executor/instant/noop_executor.hpp"
#include "executor/instant/transform_executor.hpp"
#include "executor/recording_sink.hpp"

namespace troupe {
namespace {

using testing::RecordingSink;

template <class AnyExecutor>
Result<TaskOutputs> run(std::string config) {
  AnyExecutor executor;
  auto sink = std::make_shared<RecordingSink>();
  Task task;
  task.config = Document(std::move(config));
  executor.start(task, sink);
  EXPECT_EQ(sink->times_done(), 1U) << "done before start() returns";
  return sink->outcome().result;
}

TEST(NoopExecutor, GivesAnEmptyObjectWhateverItsConfigIs) {
  EXPECT_EQ(run<NoopExecutor>(R"({"any": ["thing"]})")->outputs.view(), "{}");
}

TEST(TransformExecutor, GivesItsValue) {
  EXPECT_EQ(from_document(run<TransformExecutor>(R"({"value": {"a": [1, null]}})")->outputs),
            Json::parse(R"({"value": {"a": [1, null]}})"));
  EXPECT_EQ(from_document(run<TransformExecutor>(R"({"value": null})")->outputs), Json::parse(R"({"value": null})"));
}

TEST(TransformExecutor, RefusesAConfigWithoutValueOrWithMore) {
  EXPECT_EQ(run<TransformExecutor>("{}").error().code, ErrorCode::invalid_config);
  EXPECT_EQ(run<TransformExecutor>(R"({"value": 1, "valeu": 2})").error().code, ErrorCode::invalid_config);
}

TEST(TransformExecutor, RefusesAValueAboveTheLimit) {
  EXPECT_EQ(run<TransformExecutor>("{\"value\":\"" + std::string(limits::kOutputBytes, 'x') + "\"}").error().code,
            ErrorCode::output_too_large);
}

}  // namespace
}  // namespace troupe
