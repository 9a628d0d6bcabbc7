// The kill switches that are engaged, as all of the node sees them. Not an actor, because they are asked on every job
// and every task, from many threads, and change rarely.
//
//   begin ─► it refuses and holds at once ─► committed: it also kills, is listed, and stays
//                                         └► take_back: the store did not take it
//   begin_release ─► released: it is gone, or keep: the store did not take that
//
// So a switch is in force before it is durable, however long the store takes; what cannot be undone (to stop what runs)
// waits for the commit. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <shared_mutex>
#include <vector>

#include "troupe/base/result.hpp"
#include "troupe/domain/kill_switch.hpp"
#include "troupe/port/metrics.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

/// Of the rows in `setting`.
inline constexpr const char* kKillSwitchKind = "kill_switch";

class KillSwitches {
 public:
  explicit KillSwitches(Metrics& metrics) : metrics_(metrics) {}

  /// Reads those that are engaged. Before anything else; blocks.
  Result<Done> load(StoreReader& reader);

  // --- what governs (null: nothing does)

  /// What refuses a new job on this node. One that a step of another job makes is new only by name: what drains lets it
  /// in, so that the step can end.
  KillSwitchPtr refusing(std::string_view workflow, std::string_view client, std::string_view node,
                         bool is_of_a_step = false) const;
  /// What holds a task back.
  KillSwitchPtr holding(const SwitchedWork& work) const;
  /// What ends a run, wherever it is.
  KillSwitchPtr killing(std::string_view workflow, std::string_view client) const;

  // --- what is engaged and durable

  /// Newest first.
  std::vector<KillSwitch> list() const;
  KillSwitchPtr find(const KillSwitchId& id) const;

  // --- changes, by the gateway only

  /// Fails with conflict: the same is engaged, or as many as there may be.
  Result<Done> begin(const KillSwitch& kill_switch);
  void committed(const KillSwitchId& id);
  void take_back(const KillSwitchId& id);
  /// Fails with not_found, or with conflict while another release is under way.
  Result<KillSwitchPtr> begin_release(const KillSwitchId& id);
  void released(const KillSwitchId& id);
  void keep(const KillSwitchId& id);

 private:
  struct Entry {
    KillSwitchPtr asked;
    bool is_durable = false;
    bool is_being_released = false;
  };

  KillSwitchPtr governing(const SwitchedWork& work) const;
  void drop(const KillSwitchId& id);
  void put(const KillSwitchId& id, const Entry& entry);
  void tell_metrics() const;

  Metrics& metrics_;
  mutable std::shared_mutex mutex_;
  std::map<KillSwitchId, Entry> entries_;
  KillSwitchSet in_force_;           ///< of each entry what it does by now
  std::atomic<bool> is_any_{false};  ///< usually none: then nobody takes the lock
};

}  // namespace troupe
