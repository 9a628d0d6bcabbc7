// Evaluators that take their time to note a result: between the outcome of a task and what its run makes of it.
#pragma once

#include <memory>
#include <thread>
#include <utility>

#include "actors/wrapped_evaluator.hpp"

namespace troupe::test {

class SlowEvaluator final : public WrappedEvaluator {
 public:
  SlowEvaluator(std::unique_ptr<Evaluator> inner, Millis pause) : WrappedEvaluator(std::move(inner)), pause_(pause) {}

  void add_result(StepIndex step, ItemIndex item, Document outputs) override {
    std::this_thread::sleep_for(pause_);
    WrappedEvaluator::add_result(step, item, std::move(outputs));
  }

 private:
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
