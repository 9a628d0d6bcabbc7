// An evaluator that passes everything on to another one: tests change what they need.
#pragma once

#include <memory>
#include <utility>

#include "troupe/domain/evaluator.hpp"

namespace troupe::test {

class WrappedEvaluator : public Evaluator {
 public:
  explicit WrappedEvaluator(std::unique_ptr<Evaluator> inner) : inner_(std::move(inner)) {}

  Result<bool> condition(StepIndex step) override { return inner_->condition(step); }
  Result<ItemIndex> item_count(StepIndex step) override { return inner_->item_count(step); }
  Result<Document> config(const TaskKey& task) override { return inner_->config(task); }
  Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) override {
    return inner_->wake_time(step, item, now);
  }
  Result<std::string> signal_name(StepIndex step, ItemIndex item) override { return inner_->signal_name(step, item); }
  std::optional<std::string> written_signal_name(StepIndex step) const override {
    return inner_->written_signal_name(step);
  }
  Result<ApprovalAsk> approval(StepIndex step, ItemIndex item) override { return inner_->approval(step, item); }
  Result<Document> outputs() override { return inner_->outputs(); }
  Result<std::string> concurrency_key() override { return inner_->concurrency_key(); }
  void add_result(StepIndex step, ItemIndex item, Document outputs) override {
    inner_->add_result(step, item, std::move(outputs));
  }
  void add_failure(StepIndex step, ItemIndex item, const Error& error) override {
    inner_->add_failure(step, item, error);
  }
  void add_empty(StepIndex step) override { inner_->add_empty(step); }
  void add_signal(std::uint32_t ordinal, Document payload) override { inner_->add_signal(ordinal, std::move(payload)); }
  std::vector<Review> reviews(const AssetId& asset) const override { return inner_->reviews(asset); }
  void add_review(const Review& review) override { inner_->add_review(review); }
  Document signal_payload(std::uint32_t ordinal) const override { return inner_->signal_payload(ordinal); }
  Document take_signal(std::uint32_t ordinal, StepIndex step, ItemIndex item) override {
    return inner_->take_signal(ordinal, step, item);
  }
  Document finish_approval(StepIndex step, ItemIndex item, const Bitmap& approved, const Bitmap& rejected,
                           bool expired) override {
    return inner_->finish_approval(step, item, approved, rejected, expired);
  }

 private:
  const std::unique_ptr<Evaluator> inner_;
};

}  // namespace troupe::test
