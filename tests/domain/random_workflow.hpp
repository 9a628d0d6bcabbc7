// A random valid workflow (a graph with needs in any order, conditions, lists, retry policies, time-outs,
// compensations) and the evaluator of its expressions: what each gives is drawn with the workflow and never changes.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "domain/choices.hpp"
#include "troupe/domain/core.hpp"

namespace troupe {

/// What the expressions of one step give.
struct StepScript {
  bool condition = true;
  ItemIndex items = 1;
  Millis delay{0};
  bool condition_fails = false;
  bool items_fail = false;
  bool delay_fails = false;
  AttemptNumber config_fails_at = 0;  ///< from this attempt on; 0: never
  bool config_error_retryable = false;
  bool undoing_fails = false;  ///< the configuration of the compensation
  std::string signal = "a";
  bool makes_signal = false;  ///< its name, by an expression
  ApprovalTerms terms;
};

class ScriptedEvaluator final : public Evaluator {
 public:
  std::vector<StepScript> scripts;
  bool outputs_fail = false;

  Result<bool> condition(StepIndex step) override {
    if (scripts[step].condition_fails) return failure();
    return scripts[step].condition;
  }
  Result<ItemIndex> item_count(StepIndex step) override {
    if (scripts[step].items_fail) return failure();
    return scripts[step].items;
  }
  Result<Document> config(const TaskKey& task) override {
    const StepScript& script = scripts[task.step];
    if (task.compensation && script.undoing_fails) return failure();
    if (!task.compensation && script.config_fails_at != 0 && task.attempt >= script.config_fails_at)
      return failure(script.config_error_retryable);
    return Document("{}");
  }
  Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) override {
    if (scripts[step].delay_fails) return failure();
    return now + scripts[step].delay * static_cast<int>(item % 3);
  }
  Result<std::string> signal_name(StepIndex step, ItemIndex) override {
    if (scripts[step].makes_signal && scripts[step].config_fails_at != 0) return failure();
    return scripts[step].signal;
  }
  std::optional<std::string> written_signal_name(StepIndex step) const override {
    if (scripts[step].makes_signal) return std::nullopt;
    return scripts[step].signal;
  }
  Result<ApprovalAsk> approval(StepIndex step, ItemIndex item) override {
    if (scripts[step].config_fails_at != 0) return failure();
    ApprovalAsk ask{scripts[step].terms, {}};
    for (std::uint32_t i = 0; i < ask.terms.assets; ++i) ask.assets.push_back(asset(step, item, i));
    return ask;
  }
  static AssetId asset(StepIndex step, ItemIndex item, std::uint32_t index) {
    AssetId id;
    id.bytes[0] = static_cast<std::uint8_t>(step);
    id.bytes[1] = static_cast<std::uint8_t>(item);
    id.bytes[2] = static_cast<std::uint8_t>(index);
    return id;
  }
  Result<Document> outputs() override {
    if (outputs_fail) return failure();
    return Document("{}");
  }
  Result<std::string> concurrency_key() override { return std::string("null"); }
  void add_result(StepIndex, ItemIndex, Document) override {}
  void add_failure(StepIndex, ItemIndex, const Error&) override {}
  void add_empty(StepIndex) override {}
  void add_signal(std::uint32_t, Document) override {}
  void add_review(const Review& review) override { reviews_[review.asset].push_back(review); }
  void forget_reviews() { reviews_.clear(); }
  std::vector<Review> reviews(const AssetId& asset) const override {
    const auto found = reviews_.find(asset);
    return found == reviews_.end() ? std::vector<Review>() : found->second;
  }
  Document signal_payload(std::uint32_t) const override { return {}; }
  Document take_signal(std::uint32_t, StepIndex, ItemIndex) override { return Document("{}"); }
  Document finish_approval(StepIndex, ItemIndex, const Bitmap&, const Bitmap&, bool) override { return Document("{}"); }

 private:
  std::map<AssetId, std::vector<Review>> reviews_;

  static Error failure(bool retryable = false) { return {ErrorCode::expression_failed, "as drawn", retryable, {}}; }
};

class RandomWorkflow {
 public:
  explicit RandomWorkflow(Choices& choices) : choices_(choices) {
    const std::uint32_t steps = 1 + choices.number(choices.chance(3) ? 24 : 8);
    definition.key = "random";
    definition.steps.resize(steps);
    evaluator.scripts.resize(steps);
    for (std::uint32_t i = 0; i < steps; ++i) fill(definition.steps[i], evaluator.scripts[i], i);
    draw_needs();
    evaluator.outputs_fail = choices.chance(3);
    timeout = Millis(1'000 + choices.number(60'000) * 5);
  }

  WorkflowDefinition definition;
  ScriptedEvaluator evaluator;
  Millis timeout{};

 private:
  void fill(StepDefinition& step, StepScript& script, std::uint32_t index) {
    static const std::vector<StepType> kTypes = {StepType::http, StepType::exec,   StepType::delay,   StepType::noop,
                                                 StepType::exec, StepType::signal, StepType::approval};
    step.name = "s" + std::to_string(index);
    step.type = choices_.one_of(kTypes);
    step.idempotent = !choices_.chance(20) || needs_no_worker(step.type);
    step.timeout = Millis(1'000 + choices_.number(20'000));
    draw_retry(step.retry);
    if (choices_.chance(25)) {
      step.when = ".when";
      script.condition = !choices_.chance(50);
      script.condition_fails = choices_.chance(4);
    }
    if (choices_.chance(25)) {
      step.for_each = ".list";
      script.items = choices_.chance(3) ? limits::kItemsLive + choices_.number(8) : choices_.number(5);
      script.items_fail = choices_.chance(3);
      if (choices_.chance(30)) step.item_failures = ItemFailures::collect;
      if (choices_.chance(30)) step.max_parallel = 1 + choices_.number(3);
    }
    if (step.type == StepType::delay) {
      script.delay = Millis(choices_.number(10'000));
      script.delay_fails = choices_.chance(2);
    }
    if (choices_.chance(3)) {
      script.config_fails_at = static_cast<AttemptNumber>(1 + choices_.number(3));
      script.config_error_retryable = choices_.chance(30);
    }
    draw_limits(step);
    draw_message(step, script);
    if (choices_.chance(40)) {
      step.compensate = Compensation{choices_.chance(50) ? StepType::exec : StepType::http,
                                     Document("{}"),
                                     Millis(1'000 + choices_.number(5'000)),
                                     {}};
      draw_retry(step.compensate->retry);
      script.undoing_fails = choices_.chance(5);
    }
  }

  void draw_limits(StepDefinition& step) {
    if (choices_.chance(10) && !needs_no_worker(step.type)) step.queue_timeout = Millis(500 + choices_.number(5'000));
    if (choices_.chance(10)) step.total_timeout = Millis(1'000 + choices_.number(30'000));
    if (choices_.chance(10) && gives_signs_of_life(step.type)) step.heartbeat = Millis(500 + choices_.number(5'000));
  }

  void draw_message(StepDefinition& step, StepScript& script) {
    if (!waits_for_message(step.type)) return;
    if (choices_.chance(50)) step.timeout = Millis(0);
    script.signal = choices_.chance(50) ? "b" : "a";
    script.makes_signal = choices_.chance(30);
    script.terms = {1 + choices_.number(4), 1, 1 + choices_.number(2), static_cast<OnExpiry>(choices_.number(4))};
    script.terms.min_approved = 1 + choices_.number(script.terms.assets);
  }

  void draw_retry(RetryPolicy& retry) {
    if (choices_.chance(10)) retry.on = {ErrorCode::worker_lost, ErrorCode::step_timeout};
    if (choices_.chance(10)) retry.never_on = {ErrorCode::http_failed};
    retry.max_attempts = static_cast<int>(1 + choices_.number(4));
    retry.backoff = static_cast<Backoff>(choices_.number(3));
    retry.jitter = static_cast<Jitter>(choices_.number(2));
    retry.initial = Millis(choices_.number(2'000));
    retry.max = retry.initial + Millis(choices_.number(10'000));
    retry.factor = 1.0 + choices_.number(30) / 10.0;
  }

  /// A step needs only steps that stand before it in a random order, so that there is no cycle.
  void draw_needs() {
    std::vector<StepIndex> order(definition.steps.size());
    std::iota(order.begin(), order.end(), StepIndex{0});
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[i - 1 - choices_.number(static_cast<std::uint32_t>(i))]);
    for (std::size_t i = 1; i < order.size(); ++i) {
      std::vector<StepIndex>& needs = definition.steps[order[i]].needs;
      for (std::size_t j = 0; j < i; ++j)
        if (choices_.chance(35)) needs.push_back(order[j]);
      std::sort(needs.begin(), needs.end());
    }
  }

  Choices& choices_;
};

}  // namespace troupe
