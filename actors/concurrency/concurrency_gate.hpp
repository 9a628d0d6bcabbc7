// Which runs of workflows with a concurrency limit may be under way. Not an actor, because a job must know before it is
// accepted whether it begins.
//
//   accepted, retried ─ enter ─┬─ a slot is free: it begins ──────────────────────────┐
//                              └─ none is: it is held, and waits ─ its turn comes ────┴─ under way ─ leave
//   loaded ─ restore (it has a slot, or waits, as it did before)
//
// One group a workflow and key. A run holds its slot from here on until it has ended durably, or was never accepted:
// whether its actor lives makes no difference. The slots follow from the store: who is open and not held has one. So
// after a start nobody's turn comes until all open jobs are loaded (`open`). Who has a slot keeps it, whatever becomes
// of the limit; for who waits, the newest version of the workflow counts.
//
// Turns come by priority, age and the clients' shares, as for slots of workers (domain/fair_queue.hpp). Bounded by the
// live jobs: a run that is held or has a slot is never parked. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "troupe/base/clock.hpp"
#include "troupe/domain/fair_queue.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

class ConcurrencyGate {
 public:
  /// Of the newest version of a workflow: how many runs with the same key may be under way. 0: any number.
  using LimitOf = std::function<int(const std::string& workflow)>;
  ConcurrencyGate(FairRulesPtr rules, Clock& clock, LimitOf limit_of)
      : rules_(std::move(rules)), clock_(clock), limit_of_(std::move(limit_of)) {}

  struct Claim {
    JobId job;
    RunId run;
    std::string client;
    std::uint8_t priority = 5;
    std::string workflow;
    std::string key;
    Timestamp since;
  };

  /// A new run. True: it may begin, and has a slot. False: it waits from now on; `wait` says for whom.
  bool enter(const Claim& claim);
  /// A new run of which it is not known yet whether it will be: destroyed before `keep`, it leaves again.
  class Entering {
   public:
    Entering(ConcurrencyGate& gate, std::optional<Claim> claim)
        : gate_(gate), claim_(std::move(claim)), holds_(claim_ && !gate.enter(*claim_)) {}
    Entering(const Entering&) = delete;
    Entering& operator=(const Entering&) = delete;
    ~Entering() {
      if (claim_) gate_.leave(claim_->job, claim_->run);
    }
    /// Is the run to be held?
    bool holds() const { return holds_; }
    /// Whoever asks for the commit answers for it from here on.
    void keep() { claim_.reset(); }

   private:
    ConcurrencyGate& gate_;
    std::optional<Claim> claim_;  ///< none: no limit, or kept
    const bool holds_;
  };
  /// A run that was loaded from the store. Nothing happens if it is known.
  void restore(const Claim& claim, bool held);
  /// Calls `turn_came` once the run's turn has come: at once, if it has. Any number of times for one run: it may have
  /// been loaded again. On any thread; it must not call back.
  void wait(const JobId& job, const RunId& run, std::function<void()> turn_came);
  /// The run has ended, or will never be.
  void leave(const JobId& job, const RunId& run);
  /// Likewise, whatever run of the job it is.
  void leave(const JobId& job);

  /// All open jobs have been loaded.
  void open();
  /// There is a new version of the workflow.
  void limit_changed(const std::string& workflow);

  struct Counts {
    std::size_t held = 0;
    std::size_t under_way = 0;
  };
  Counts counts() const;

 private:
  using Queue = FairQueue<JobId>;
  using Name = std::pair<std::string, std::string>;  ///< workflow and key
  struct Group {
    std::size_t under_way = 0;
    std::unique_ptr<Queue> waiting;  ///< null: nobody
  };
  using Groups = std::map<Name, Group>;
  struct Entry {
    RunId run;
    Groups::iterator group;
    bool under_way = false;
    Queue::Place place;  ///< of who waits
    std::function<void()> turn_came;
  };
  using Entries = std::unordered_map<JobId, Entry>;
  using Calls = std::vector<std::function<void()>>;

  bool has_slot(const Groups::iterator& group) const;
  Entries::iterator add(const Claim& claim);
  void begin(Entry& entry);
  void queue_up(Entries::iterator entry, const Claim& claim);
  void remove(Entries::iterator entry, Calls& calls);
  /// Lets begin whose turn has come.
  void admit(Groups::iterator group, Calls& calls);

  const FairRulesPtr rules_;
  Clock& clock_;
  const LimitOf limit_of_;
  mutable std::mutex mutex_;
  Groups groups_;  ///< that have anybody
  Entries entries_;
  Counts counts_;
  bool open_ = false;
};

}  // namespace troupe
