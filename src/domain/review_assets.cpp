#include <algorithm>

#include "decider.hpp"

namespace troupe {
namespace {

/// An approval that begins, with what reviewers said of its images before.
ApprovalState open_approval(StepIndex step, ItemIndex item, const Evaluator::ApprovalAsk& ask,
                            const Evaluator& evaluator) {
  ApprovalState approval{step, item, ask.terms, {}, {}};
  for (std::uint32_t image = 0; image < ask.terms.assets; ++image)
    for (const Review& review : evaluator.reviews(ask.assets[image])) approval.count(image, review.approved);
  return approval;
}

/// Where the image stands among those that approvals under way ask for.
std::vector<AssetReviewed::Place> find_places(const RunState& state, const AssetId& asset, Evaluator& evaluator) {
  std::vector<AssetReviewed::Place> places;
  for (const ApprovalState& approval : state.approvals) {
    const auto ask = evaluator.approval(approval.step, approval.item);
    if (!ask) continue;
    const auto found = std::find(ask->assets.begin(), ask->assets.end(), asset);
    const auto index = static_cast<std::uint32_t>(found - ask->assets.begin());
    if (found != ask->assets.end() && index < approval.terms.assets)
      places.push_back({approval.step, approval.item, index});
  }
  return places;
}

}  // namespace

void Decider::await_approval(StepIndex step, ItemIndex item) {
  const auto ask = context_.evaluator.approval(step, item);
  const TaskKey task = key_of(step, LiveItem{item, 1});
  ItemBegun begun{step, item, message_deadline(step), {}, {}};
  if (ask) begun.approval = open_approval(step, item, *ask, context_.evaluator);
  emit(begun);
  if (!ask) return fail(task, ask.error(), kNever);
  settle_approval(*begun.approval);
  if (is_live(task)) await_message(task);
}

void Decider::settle_approval(const ApprovalState& approval) {
  const Bitmap approved = approval.approved();
  if (approved.count() >= approval.terms.min_approved)
    return finish_approval(approval, approved, approval.rejected, false);
  if (approval.terms.assets - approval.rejected.count() >= approval.terms.min_approved) return;
  fail(key_of(approval.step, LiveItem{approval.item, 1}),
       {ErrorCode::approval_rejected,
        std::to_string(approval.rejected.count()) + " of " + std::to_string(approval.terms.assets) +
            " images were rejected, and " + std::to_string(approval.terms.min_approved) + " have to be approved",
        false,
        {}},
       kNever);
}

void Decider::finish_approval(const ApprovalState& approval, const Bitmap& approved, const Bitmap& rejected,
                              bool expired) {
  const TaskKey task = key_of(approval.step, LiveItem{approval.item, 1});
  Document outputs = context_.evaluator.finish_approval(approval.step, approval.item, approved, rejected, expired);
  emit(TaskCompleted{task, now(), kNever});
  effect(KeepResult{task, std::move(outputs)});
}

// Decisions are recorded whatever the run does; while an approval asks for them, they count there. All of one command
// count together, so that several images can be approved where one would do.
Result<Decision> decide_review_assets(const RunState& state, const ReviewAssets& command, const Context& context) {
  Decider decider(state, context);
  for (const Review& review : command.reviews)
    decider.emit(AssetReviewed{review.asset, review.reviewer, review.approved, review.at,
                               find_places(decider.state(), review.asset, context.evaluator)});
  const std::vector<ApprovalState> approvals = decider.state().approvals;
  for (const ApprovalState& approval : approvals)
    if (decider.state().phase == RunPhase::forward) decider.settle_approval(approval);
  if (state.phase != RunPhase::ended) decider.advance();
  return decider.take();
}

}  // namespace troupe
