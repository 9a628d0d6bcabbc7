// The question to an actor how it is. It is answered in the actor's own turn, so that no answer is an answer, too; and
// nothing is kept ready for it, so that it costs nothing while nobody asks.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "troupe/port/actor_view.hpp"

namespace troupe {

/// Whom an actor has passed the question on to: of these an answer is awaited, too.
struct PassedOn {
  std::string id, kind;
};

/// Where an actor's answer goes. When it goes unanswered, the actor is gone.
class ProbeAnswer {
 public:
  virtual ~ProbeAnswer() = default;
  /// Once, on the actor's thread.
  virtual void give(ActorView view, std::vector<PassedOn> passed_on) = 0;
  /// For one of those that the question was passed on to, once that was told.
  virtual std::shared_ptr<ProbeAnswer> of(const std::string& id) = 0;
};

struct Probe {
  std::shared_ptr<ProbeAnswer> answer;
  std::size_t sample = 0;  ///< how many of its children are to be asked, where there may be many
};

template <class Self>
void answer_probe(Self self, const Probe& probe, ActorView view = {}, std::vector<PassedOn> passed_on = {}) {
  view.mailbox = self->mailbox().size();
  probe.answer->give(std::move(view), std::move(passed_on));
}

/// An exception becomes the reason of the actor's death, with its text. (CAF's own handler drops the text.)
template <class Self>
void keep_reason_of_death(Self self) {
  self->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& fault) {
      return caf::make_error(caf::sec::runtime_error, fault.what());
    } catch (...) {
      return caf::sec::runtime_error;
    }
  });
}

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::Probe)
