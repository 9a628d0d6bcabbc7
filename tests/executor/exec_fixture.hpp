// An exec executor over folders of its own, with one command: a shell.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "blob/file/file_blob_store.hpp"
#include "codec/json.hpp"
#include "executor/exec/exec_executor.hpp"
#include "executor/recording_sink.hpp"

namespace troupe::testing {

namespace fs = std::filesystem;

class ExecFixture : public ::testing::Test {
 protected:
  // One store for all: making its folders durable takes longer than most tests.
  static void SetUpTestSuite() {
    suite_root_ = new_folder();
    blobs_ = std::move(*FileBlobStore::open((suite_root_ / "blobs").string()));
  }
  static void TearDownTestSuite() {
    blobs_.reset();
    fs::remove_all(suite_root_);
  }
  static fs::path new_folder() {
    std::string name = ::testing::TempDir() + "exec-XXXXXX";
    return mkdtemp(name.data());
  }

  ExecFixture() {
    root_ = new_folder();
    options_.work_dir = (root_ / "work").string();
    options_.commands = {{.name = "sh", .program = "/bin/sh", .args = {"-c"}}};
    task_.step = "build";
    task_.type = StepType::exec;
    task_.key.run = *parse_id<RunId>("01890000-0000-7000-8000-000000000001");
    task_.job = *parse_id<JobId>("01890000-0000-7000-8000-000000000002");
  }
  ~ExecFixture() override {
    executor_.reset();
    fs::remove_all(root_);
  }

  void open() {
    auto made = ExecExecutor::make(options_, *blobs_, clock_);
    ASSERT_TRUE(made) << made.error().message;
    executor_ = std::move(*made);
  }
  std::shared_ptr<RecordingSink> start(Json config) {
    if (!executor_) open();
    Task task = task_;
    task.config = to_document(config);
    auto sink = std::make_shared<RecordingSink>();
    executor_->start(task, sink);
    return sink;
  }
  std::shared_ptr<RecordingSink> start_sh(const std::string& script) {
    return start({{"command", "sh"}, {"args", {script}}});
  }
  TaskOutcome run(Json config) { return start(std::move(config))->outcome(); }
  TaskOutcome run_sh(const std::string& script) { return start_sh(script)->outcome(); }
  Json outputs(const TaskOutcome& outcome) {
    EXPECT_TRUE(outcome.result) << outcome.result.error().message;
    return outcome.result ? from_document(outcome.result->outputs) : Json();
  }
  Json sh(const std::string& script) { return outputs(run_sh(script)); }
  static bool alive(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    return (stat >> number >> name >> state) && state != "Z";
  }
  static void await_death(pid_t pid) {
    while (alive(pid)) std::this_thread::yield();  // the test's time-out is the bound
  }

  static inline fs::path suite_root_;
  static inline std::unique_ptr<FileBlobStore> blobs_;
  fs::path root_;
  SystemClock clock_;
  ExecOptions options_;
  Task task_;
  std::unique_ptr<ExecExecutor> executor_;
};

}  // namespace troupe::testing
