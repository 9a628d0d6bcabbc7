#include "actors/persistence/persistence_actor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe {
namespace {

using Self = PersistenceActor::stateful_pointer<PersistenceState>;

constexpr std::chrono::milliseconds kBackoffFirst{50};
constexpr std::chrono::milliseconds kBackoffMax{1'000};

/// While it lives, /readyz can see how long the store has said nothing.
class UnderWay {
 public:
  UnderWay(NodeContext& node, WriterHealth& health) : health_(health) {
    health_.commit_began = node.clock.monotonic().count();
  }
  ~UnderWay() { health_.commit_began = WriterHealth::kNoCommit; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  WriterHealth& health_;
};

void flush(Self self) {
  PersistenceState& state = self->state;
  for (const OpenJobsFound& found : state.queue->take(state.waiting)) state.committer->open_jobs_found(found);
  const NodeHealth& health = state.node->health;
  if (state.waiting.empty()) {
    const UnderWay under_way(*state.node, state.committer->health());
    if (!state.committer->can_write() && !health.fenced) state.committer->probe();
  } else {
    const UnderWay under_way(*state.node, state.committer->health());
    const std::size_t changes = state.waiting.size();
    const auto begin = std::chrono::steady_clock::now();
    const Millis begin_by_clock = state.node->clock.monotonic();
    state.waiting = state.committer->commit(std::move(state.waiting));
    if (state.waiting.empty() && state.committer->can_write()) {
      const auto took = std::chrono::steady_clock::now() - begin;
      state.node->metrics.committed(changes, std::chrono::duration_cast<std::chrono::microseconds>(took));
      const Millis now = state.node->clock.monotonic();
      state.node->health.admission.committed(now - begin_by_clock, now);
    }
  }
  if (state.committer->can_write()) state.failures = 0;
  if (!state.waiting.empty() || (!state.committer->can_write() && !health.fenced)) {
    const auto wait = std::min(kBackoffMax, kBackoffFirst * (1 << std::min(state.failures++, 7)));
    self->delayed_send(self, wait, Flush{});
    if (!state.waiting.empty()) return;
  } else if (!state.queue->rest()) {
    self->send(self, Flush{});
  }
  if (state.drains.empty()) return;
  if (std::exchange(state.release, false)) state.committer->release();
  auto completions = std::make_shared<Completions>();
  completions->drained = std::exchange(state.drains, {});
  self->send(state.completion, CompletionsPtr(completions));
}

ActorView describe(const PersistenceState& state) {
  ActorView view;
  view.waiting = state.waiting.size() + state.queue->size();
  return view;
}

}  // namespace

void PersistenceActors::commit(NodeContext& node, PersistPtr change) const {
  link_records(*change, node.clock.now());
  ++node.health.changes_waiting;
  const Persistence& writer = of(change->shard);
  if (writer.queue->put(std::move(change))) caf::anon_send(writer.actor, Flush{});
}

PersistenceActor::behavior_type persistence_actor(Self self, std::shared_ptr<std::unique_ptr<Committer>> committer,
                                                  std::shared_ptr<ChangeQueue> queue, CompletionActor completion,
                                                  NodeContext* node) {
  self->state.committer = std::move(*committer);
  self->state.queue = std::move(queue);
  self->state.completion = std::move(completion);
  self->state.node = node;
  return {
      [=](Flush) { flush(self); },
      [=](const Drain& drain) {
        self->state.drains.push_back(drain.done);
        self->state.release |= drain.release;
        if (self->state.queue->wake()) self->send(self, Flush{});
      },
      [=](const Probe& probe) { answer_probe(self, probe, describe(self->state)); },
  };
}

}  // namespace troupe
