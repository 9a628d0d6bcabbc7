#include "sim/actions/all.hpp"

namespace troupe::sim {

const std::vector<Action>& all_actions() {
  static const std::vector<Action> kActions = {
      kSubmit,   kSubmitBatch,   kSubmitTwice, kCancel,     kRetry,          kSignal,  kReview, kResolve,
      kRead,     kWait,          kList,        kWatch,      kAudit,          kVerify,  kApply,  kDisable,
      kSwitch,   kRestartWorker, kSchedule,    kUnschedule, kSwitchSchedule, kTrigger, kKill,   kStop,
      kTakeOver, kLeapClock,     kOutage,      kBadReads,   kRefuse,
  };
  return kActions;
}

}  // namespace troupe::sim
