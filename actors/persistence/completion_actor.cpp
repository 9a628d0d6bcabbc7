#include "actors/persistence/completion_actor.hpp"

#include <utility>

namespace troupe {

void complete(std::vector<Completion>& changes) {
  for (Completion& change : changes) change.persist->done(std::move(change.persisted));
}

CompletionActor::behavior_type completion_actor(CompletionActor::stateful_pointer<CompletionState> self) {
  return {
      [](const CompletionsPtr& completions) {
        complete(completions->changes);
        for (const auto& drained : completions->drained) drained();
      },
      [self](const Probe& probe) { answer_probe(self, probe); },
  };
}

}  // namespace troupe
