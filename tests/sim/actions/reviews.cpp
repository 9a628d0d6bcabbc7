// Reviewers decide about images: some of them or all, in one request or several, the same again or the opposite, of a
// run that has ended or was followed by another, of images that there are not.
#include <algorithm>

#include "sim/actions/all.hpp"
#include "sim/actions/keyed.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void post(World& world, const JobId& job, const ReviewImages& wanted, const Key& key) {
  ReviewImages command = wanted;
  command.idempotency = key;
  world.clients().ask_change(Ask::review, job, {key, command, {}},
                             [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
                               gateway.review(caller, command, render_change, std::move(reply));
                             });
}

/// Mostly one with an approval under way.
std::optional<JobId> job_to_review(World& world) {
  std::optional<JobId> best = world.clients().some_job();
  const auto worth = [&](const JobId& id) {
    const StoredJob& job = *world.jobs().find(id);
    return (job.state.approvals.empty() ? 0 : 2) + (job.images.empty() ? 0 : 1);
  };
  for (std::size_t more = world.dice().number(25); best && more > 0; --more)
    if (const auto other = world.clients().some_job(); worth(*other) > worth(*best)) best = other;
  return best;
}

std::string draw_reviewer(Dice& dice) { return "reviewer-" + std::to_string(dice.number(4)); }

ReviewImages draw_review(const StoredJob& job, Dice& dice) {
  ReviewImages command;
  const bool is_late = dice.chance(5);
  command.run = is_late ? *job.runs.begin() : job.row.run;
  command.reviewer = draw_reviewer(dice);
  const double approves = dice.chance(80) ? 85 : 20;
  const bool all = dice.chance(50);
  for (const AssetId& image : job.images)
    if (all || dice.chance(40)) (dice.chance(approves) ? command.approve : command.reject).push_back(image);
  if (dice.chance(2)) command.approve.push_back(job.row.id.as<AssetId>());  // no image
  return command;
}

void review(World& world) {
  const auto id = job_to_review(world);
  if (!id) return;
  Dice& dice = world.dice();
  for (std::size_t people = dice.chance(50) ? 1 : 1 + dice.number(4); people > 0; --people) {
    ReviewImages command = draw_review(*world.jobs().find(*id), dice);
    if (command.approve.empty() && command.reject.empty()) continue;
    ask_with_key(world, [&world, id = *id, command](const Key& key) { post(world, id, command, key); });
    if (dice.chance(20)) post(world, *id, command, {});
    if (!dice.chance(20)) continue;
    std::swap(command.approve, command.reject);
    now_or_later(world, [&world, id = *id, command] { post(world, id, command, {}); });
  }
}

}  // namespace

void decide_approvals(World& world) {
  for (const JobId& id : world.jobs().ids()) {
    const StoredJob& job = *world.jobs().find(id);
    if (job.state.approvals.empty()) continue;
    const ApprovalState& approval = job.state.approvals.front();
    const std::vector<LiveItem>& live = job.state.steps.at(approval.step).live;
    const bool expires =
        std::none_of(live.begin(), live.end(), [](const LiveItem& item) { return item.due == kNever; });
    if (expires) continue;
    // Somebody who has not decided yet.
    const std::string reviewer = "late-" + std::to_string((world.now() - Timestamp{}).count());
    post(world, id, {job.row.run, reviewer, job.images, {}, {}, {}}, {});
  }
}

const Action kReview{"review images", 20, false, review};

}  // namespace troupe::sim
