#include "actors/persistence/completion_actor.hpp"

#include <utility>

namespace troupe {

CompletionActor::behavior_type completion_actor(CompletionActor::stateful_pointer<CompletionState>) {
  return {
      [](const CompletionsPtr& completions) {
        for (Completion& change : completions->changes) change.persist->done(std::move(change.persisted));
        for (const auto& drained : completions->drained) drained();
      },
  };
}

}  // namespace troupe
