#include "troupe/domain/give_up.hpp"

#include "decider.hpp"

namespace troupe {
namespace {

/// Knows nothing, and gives the same reason for it each time.
class NoEvaluator final : public Evaluator {
 public:
  explicit NoEvaluator(const Error& why) : why_(why) {}

  Result<bool> condition(StepIndex) override { return why_; }
  Result<ItemIndex> item_count(StepIndex) override { return why_; }
  Result<Document> config(const TaskKey&) override { return why_; }
  Result<Timestamp> wake_time(StepIndex, ItemIndex, Timestamp) override { return why_; }
  Result<std::string> signal_name(StepIndex, ItemIndex) override { return why_; }
  std::optional<std::string> written_signal_name(StepIndex) const override { return std::nullopt; }
  Result<ApprovalAsk> approval(StepIndex, ItemIndex) override { return why_; }
  Result<Document> outputs() override { return why_; }
  Result<std::string> concurrency_key() override { return why_; }
  void add_result(StepIndex, ItemIndex, Document) override {}
  void add_failure(StepIndex, ItemIndex, const Error&) override {}
  void add_empty(StepIndex) override {}
  void add_signal(std::uint32_t, Document) override {}
  void add_review(const Review&) override {}
  std::vector<Review> reviews(const AssetId&) const override { return {}; }
  Document signal_payload(std::uint32_t) const override { return {}; }
  Document take_signal(std::uint32_t, StepIndex, ItemIndex) override { return {}; }
  Document finish_approval(StepIndex, ItemIndex, const Bitmap&, const Bitmap&, bool) override { return {}; }

 private:
  const Error& why_;
};

}  // namespace

Decision give_up(const RunState& state, const Error& why, const Context& context) {
  NoEvaluator nothing(why);
  const Context unable{context.workflow, nothing, context.random, context.now};
  Decider decider(state, unable);
  if (state.phase == RunPhase::ended) return decider.take();
  decider.stop(Status::failed, why);
  cancel_live(decider);
  if (decider.state().compensation) {
    const LiveItem item = *decider.state().compensation;
    decider.emit(TaskFailed{decider.key_of(decider.state().compensation_step, item, true), why, context.now});
  }
  decider.advance();
  Decision decision = decider.take();
  std::erase_if(decision.effects, [](const Effect& effect) { return !std::holds_alternative<FinishRun>(effect); });
  return decision;
}

}  // namespace troupe
