// Tells the node's forecast what the steps of one run took, and whether the run ended when it was said to.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"
#include "actors/run/run_change.hpp"

namespace troupe {

class RunObserver {
 public:
  /// `seed` is the driver's, whose state is the committed one.
  RunObserver(NodeContext& node, RunSeed& seed) : node_(node), seed_(seed) {}

  /// The run's first decision, which was committed with its job.
  void begun();
  void decided(const std::vector<Event>& events, const Outcomes& outcomes);
  void ended(Millis took);

 private:
  SharedHistory& history();
  template <class Tell>
  void tell(StepIndex step, Tell tell);
  void completed(const TaskEnded& outcome);

  NodeContext& node_;
  RunSeed& seed_;
  std::map<std::pair<StepIndex, ItemIndex>, Timestamp> first_started_;  ///< of items whose first attempt failed
};

}  // namespace troupe
