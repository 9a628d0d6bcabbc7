// Ends the open jobs that a kill switch covers and that nobody holds: parked ones, and those not loaded yet. In the
// background, one switch after another, newest jobs first, page by page: the next page is read when all jobs of the one
// before have been dealt with, so that the node is not flooded with what it has to load.
//
// Goes on after the switch was released: what was there when it was engaged is ended. Jobs that were accepted later are
// not its business, since new runs look at the switches themselves.
//
// Thread-safe; held by whoever still has something to do for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "actors/protocol/messages.hpp"
#include "actors/protocol/node_context.hpp"

namespace troupe {

class KillSweep : public std::enable_shared_from_this<KillSweep> {
 public:
  using Cancel = std::function<void(const JobId&, const CommandRequestPtr&)>;

  /// `cancel` hands the request to the job and has it answered, or dropped; it must not block.
  KillSweep(NodeContext& node, Cancel cancel) : node_(node), cancel_(std::move(cancel)) {}

  void add(KillSwitchPtr kill_switch);

 private:
  /// One switch's way through the jobs.
  struct Pass {
    KillSwitchPtr by;
    JobId before;                     ///< only older jobs are looked at
    Status status = Status::pending;  ///< then running: open jobs move in this direction only
    std::optional<JobId> after_page;  ///< where the next page begins
    bool is_incomplete = false;       ///< some job could not be loaded
  };
  struct Page;

  void begin_next();
  void read_page(const Pass& pass);
  void page_done(Pass pass, bool was_last);
  void go_on(const Pass& pass);
  void go_on_later(const Pass& pass);

  NodeContext& node_;
  const Cancel cancel_;
  std::mutex mutex_;
  std::deque<Pass> waiting_;
  bool is_at_work_ = false;
};

}  // namespace troupe
