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

void send_flush(Self self) {
  if (self->state.flush_sent) return;
  self->state.flush_sent = true;
  self->send(self, Flush{});
}

void flush(Self self) {
  PersistenceState& state = self->state;
  state.flush_sent = false;
  const NodeHealth& health = state.node->health;
  if (state.waiting.empty()) {
    const UnderWay under_way(*state.node, state.committer->health());
    if (!state.committer->can_write() && !health.fenced) state.committer->probe();
  } else {
    const UnderWay under_way(*state.node, state.committer->health());
    const std::size_t changes = state.waiting.size();
    const auto begin = std::chrono::steady_clock::now();
    state.waiting = state.committer->commit(std::move(state.waiting));
    if (state.waiting.empty() && state.committer->can_write()) {
      const auto took = std::chrono::steady_clock::now() - begin;
      state.node->metrics.committed(changes, std::chrono::duration_cast<std::chrono::microseconds>(took));
      state.node->health.admission.committed(std::chrono::duration_cast<Millis>(took), state.node->clock.monotonic());
    }
  }
  if (state.committer->can_write()) state.failures = 0;
  if (!state.waiting.empty() || (!state.committer->can_write() && !health.fenced)) {
    state.flush_sent = true;
    const auto wait = std::min(kBackoffMax, kBackoffFirst * (1 << std::min(state.failures++, 7)));
    self->delayed_send(self, wait, Flush{});
    if (!state.waiting.empty()) return;
  }
  if (state.drains.empty()) return;
  auto completions = std::make_shared<Completions>();
  completions->drained = std::exchange(state.drains, {});
  self->send(state.completion, CompletionsPtr(completions));
}

}  // namespace

PersistenceActor::behavior_type persistence_actor(Self self, std::shared_ptr<std::unique_ptr<Committer>> committer,
                                                  CompletionActor completion, NodeContext* node) {
  self->state.committer = std::move(*committer);
  self->state.completion = std::move(completion);
  self->state.node = node;
  return {
      [=](const PersistPtr& persist) {
        self->state.waiting.push_back(persist);
        send_flush(self);
      },
      [=](Flush) { flush(self); },
      [=](const OpenJobsFound& found) { self->state.committer->open_jobs_found(found); },
      [=](const Drain& drain) {
        self->state.drains.push_back(drain.done);
        send_flush(self);
      },
  };
}

}  // namespace troupe
