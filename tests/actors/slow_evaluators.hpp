// Evaluators that take their time to note a result: between the outcome of a task and what its run makes of it.
#pragma once

#include <memory>
#include <thread>
#include <utility>

#include "troupe/domain/evaluator.hpp"

namespace troupe::test {

class SlowEvaluator final : public Evaluator {
 public:
  SlowEvaluator(std::unique_ptr<Evaluator> inner, Millis pause) : inner_(std::move(inner)), pause_(pause) {}

  Result<bool> condition(StepIndex step) override { return inner_->condition(step); }
  Result<ItemIndex> item_count(StepIndex step) override { return inner_->item_count(step); }
  Result<Document> config(const TaskKey& task) override { return inner_->config(task); }
  Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) override {
    return inner_->wake_time(step, item, now);
  }
  Result<Document> outputs() override { return inner_->outputs(); }
  Result<std::string> concurrency_key() override { return inner_->concurrency_key(); }
  void add_result(StepIndex step, ItemIndex item, Document outputs) override {
    std::this_thread::sleep_for(pause_);
    inner_->add_result(step, item, std::move(outputs));
  }

 private:
  const std::unique_ptr<Evaluator> inner_;
  const Millis pause_;
};

class SlowEvaluators final : public EvaluatorFactory {
 public:
  SlowEvaluators(std::unique_ptr<EvaluatorFactory> inner, Millis pause) : inner_(std::move(inner)), pause_(pause) {}

  std::unique_ptr<Evaluator> make(WorkflowPtr workflow, RunFacts facts) override {
    return std::make_unique<SlowEvaluator>(inner_->make(std::move(workflow), std::move(facts)), pause_);
  }

 private:
  const std::unique_ptr<EvaluatorFactory> inner_;
  const Millis pause_;
};

}  // namespace troupe::test
