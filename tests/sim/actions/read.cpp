// People look: at a job, at lists, until a job ends, at live events.
#include "sim/actions/all.hpp"
#include "sim/workflows.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void read(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  const bool details = world.dice().chance(50);
  world.clients().ask_view(Ask::read, *job, [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
    gateway.job(caller, {*job, "", {}}, details, std::move(reply));
  });
}

void wait(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  const Millis patience = world.dice().skewed(Millis(30'000));
  world.clients().ask_view(Ask::wait, *job, [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
    gateway.wait(caller, {*job, "", {}}, patience, std::move(reply));
  });
}

void list(World& world) {
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    JobQuery query;
    query.limit = 20;
    if (world.dice().chance(50)) query.status = Status::failed;
    gateway.jobs(caller, query, [done](const Result<std::vector<JobView>>&) { done(); });
  });
}

/// Watches a job for a while. The process may be gone by then, with what it had subscribed.
void watch(World& world) {
  const auto job = world.clients().some_job();
  Host* node = world.node();
  if (!job || node == nullptr) return;
  EventFilter filter;
  filter.job = *job;
  const LifePtr life = node->life();
  auto subscription = std::make_shared<std::unique_ptr<Subscription>>(
      node->gateway().subscribe({}, filter, std::nullopt, [&world, life, id = *job](const LiveEventPtr& event) {
        if (life->dead) return;
        const StoredJob* stored = world.jobs().find(id);
        if (event->seq > stored->row.last_seq)
          world.violated("an event with a number tells of what is durable", to_string(id));
        if (holds_secret(event->data)) world.violated("no event tells a secret", event->data);
      }));
  node->keep(subscription);
  world.after(world.dice().skewed(Millis(20'000)), [weak = std::weak_ptr(subscription), life] {
    if (const auto alive = weak.lock(); alive && !life->dead) alive->reset();
  });
}

}  // namespace

const Action kRead{"read", 20, false, read};
const Action kWait{"wait", 5, false, wait};
const Action kList{"list", 3, false, list};
const Action kWatch{"watch", 5, false, watch};

}  // namespace troupe::sim
