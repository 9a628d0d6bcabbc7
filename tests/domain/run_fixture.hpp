// A run to be driven by plain calls: a definition in a few words, a fake evaluator, and the events and effects of each
// decision.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "troupe/domain/core.hpp"

namespace troupe {

class FixedRandom final : public Random {
 public:
  std::uint64_t next() override { return 0; }
};

/// Configs are `{}`; what a test wants otherwise it sets.
class FakeEvaluator final : public Evaluator {
 public:
  std::map<StepIndex, bool> conditions;
  std::map<StepIndex, ItemIndex> items;
  std::map<StepIndex, Millis> delays;
  std::map<StepIndex, Error> config_errors;
  std::optional<Error> outputs_error;
  std::map<StepIndex, std::string> signals;
  std::map<StepIndex, std::vector<std::string>> made_signals;  ///< by an expression, one an item
  std::map<StepIndex, ApprovalTerms> approvals;
  std::map<StepIndex, std::map<ItemIndex, Error>> failures;  ///< that were told
  std::vector<Review> decisions;                             ///< likewise

  Result<bool> condition(StepIndex step) override { return conditions.at(step); }
  Result<ItemIndex> item_count(StepIndex step) override { return items.at(step); }
  Result<Document> config(const TaskKey& task) override {
    if (config_errors.contains(task.step)) return config_errors.at(task.step);
    return Document("{}");
  }
  Result<Timestamp> wake_time(StepIndex step, ItemIndex, Timestamp now) override { return now + delays.at(step); }
  Result<std::string> signal_name(StepIndex step, ItemIndex item) override {
    return made_signals.contains(step) ? made_signals.at(step).at(item) : signals.at(step);
  }
  std::optional<std::string> written_signal_name(StepIndex step) const override {
    return made_signals.contains(step) ? std::nullopt : std::optional(signals.at(step));
  }
  Result<ApprovalAsk> approval(StepIndex step, ItemIndex) override {
    ApprovalAsk ask{approvals.at(step), {}};
    for (std::uint32_t i = 0; i < ask.terms.assets; ++i) ask.assets.push_back(image(i));
    return ask;
  }
  /// The same images for every approval.
  static AssetId image(std::uint32_t index) { return AssetId{{7, static_cast<std::uint8_t>(index)}}; }
  Result<Document> outputs() override {
    if (outputs_error) return *outputs_error;
    return Document("{}");
  }
  Result<std::string> concurrency_key() override { return std::string("null"); }
  void add_result(StepIndex, ItemIndex, Document) override {}
  void add_failure(StepIndex step, ItemIndex item, const Error& error) override { failures[step][item] = error; }
  void add_empty(StepIndex) override {}
  void add_signal(std::uint32_t, Document) override {}
  void add_review(const Review& review) override { decisions.push_back(review); }
  std::vector<Review> reviews(const AssetId& asset) const override {
    std::vector<Review> told = decisions;
    std::erase_if(told, [&](const Review& review) { return review.asset != asset; });
    return told;
  }
  Document signal_payload(std::uint32_t) const override { return {}; }
  Document take_signal(std::uint32_t ordinal, StepIndex, ItemIndex) override {
    return Document("{\"ordinal\":" + std::to_string(ordinal) + "}");
  }
  Document finish_approval(StepIndex, ItemIndex, const Bitmap& approved, const Bitmap& rejected,
                           bool expired) override {
    return Document(std::to_string(approved.count()) + " approved, " + std::to_string(rejected.count()) + " rejected" +
                    (expired ? ", expired" : ""));
  }
};

class RunTest : public ::testing::Test {
 protected:
  StepDefinition& step(const std::string& name, StepType type = StepType::http, std::vector<StepIndex> needs = {}) {
    StepDefinition definition;
    definition.name = name;
    definition.type = type;
    definition.needs = std::move(needs);
    definition.retry.jitter = Jitter::none;
    workflow.steps.push_back(std::move(definition));
    return workflow.steps.back();
  }
  void start() {
    state = make_run(RunId{{1}}, 1, workflow, now, Millis(60'000));
    given(StartRun{});
  }
  Result<Decision> try_command(const Command& command) {
    return decide(state, command, Context{workflow, evaluator, random, now});
  }
  void given(const Command& command) {
    auto decided = try_command(command);
    ASSERT_TRUE(decided.ok()) << decided.error().message;
    decision = *std::move(decided);
    for (const Event& event : decision.events) apply(state, event, workflow);
  }
  TaskKey task(StepIndex index, ItemIndex item = 0, AttemptNumber attempt = 1) const {
    return {state.run, index, item, attempt, false, state.epoch};
  }
  void complete(StepIndex index, ItemIndex item = 0, AttemptNumber attempt = 1) {
    given(CompleteTask{task(index, item, attempt), now});
  }
  void fail(StepIndex index, bool retryable = false, AttemptNumber attempt = 1) {
    given(FailTask{task(index, 0, attempt), {ErrorCode::http_failed, "no answer", retryable, {}}, now});
  }
  template <class E>
  std::size_t count() const {
    std::size_t found = 0;
    for (const Effect& effect : decision.effects) found += std::holds_alternative<E>(effect);
    return found;
  }
  std::vector<StepIndex> dispatched() const {
    std::vector<StepIndex> steps;
    for (const Effect& effect : decision.effects)
      if (const auto* dispatch = std::get_if<DispatchTask>(&effect)) steps.push_back(dispatch->task.step);
    return steps;
  }

  WorkflowDefinition workflow;
  FakeEvaluator evaluator;
  FixedRandom random;
  Timestamp now = from_unix_ms(1'000'000);
  RunState state;
  Decision decision;
};

}  // namespace troupe
