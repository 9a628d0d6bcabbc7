// The simulated world: one or two nodes over one store, clients, executors, machines that fail; all in one thread, in
// an order drawn from a seed.
//
//   safety      clients ask, faults happen; at any moment the rules hold
//   liveness    no new faults; all that was accepted must end
//   the end     nothing may be left over; one more job goes through
//
// What happens next is one message of one actor, one function of a blocking pool, or one event of the world, drawn from
// all that could. Only when nothing could, time goes by (and in the safety phase also now and then before). Calls that
// block in a real node (a commit, a read, a blob) let other things happen while they last: `interleave`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "actors/ingress/rate_limits.hpp"
#include "sim/checker.hpp"
#include "sim/clients.hpp"
#include "sim/dice.hpp"
#include "sim/host.hpp"
#include "sim/mutants.hpp"
#include "sim/sim_store.hpp"
#include "sim/stored_jobs.hpp"
#include "sim/trace.hpp"

namespace troupe::sim {

struct Settings {
  std::uint64_t seed = 1;
  std::size_t jobs = 400;  ///< wishes of clients, about
  Mutant mutant = Mutant::none;
  std::size_t trace_kept = 0;  ///< lines
};

struct Finding {
  std::string rule, what;
  Timestamp at;
};

struct Report {
  std::optional<Finding> finding;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;  ///< messages, functions and world events
  std::uint64_t jobs = 0;    ///< accepted
  Millis simulated{0};
  std::vector<std::string> tail;  ///< of the trace
  std::map<std::string, std::uint64_t> seen;
};

class World {
 public:
  explicit World(Settings settings);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Report play();
  /// The same, for one that was aborted.
  Report report() const;

  // --- the parts
  const Settings& settings() const { return settings_; }
  Dice& dice() { return dice_; }
  SimStore& store() { return *store_; }
  const StoredJobs& jobs() const { return stored_; }
  Clients& clients() { return *clients_; }
  /// As every node is configured.
  const ClientRates& client_rates() const { return client_rates_; }
  template <class... Parts>
  void trace(const Parts&... parts) {
    trace_.add(now_ - kBegin, parts...);
  }
  /// Counts something worth knowing that it happened.
  void saw(const char* what) { ++seen_[what]; }

  // --- time
  const Timestamp& now() const { return now_; }
  void after(Millis wait, std::function<void()> event);
  bool has_faults() const { return phase_ == Phase::safety && !calm_; }
  /// Since then nothing fails any more, and no kill switch is engaged; nothing: it is not so yet.
  std::optional<Timestamp> quiet_since() const;
  /// Whoever waits for this lets everything else happen meanwhile. False: it did not come to that in time.
  bool go_on_until(const std::function<bool()>& holds, Millis time);
  /// Other things happen, or none: up to so many, in so many of a hundred cases.
  void interleave(double percent, std::size_t most);

  // --- nodes
  /// The one that clients reach; null: none.
  Host* node();
  std::size_t nodes() const;
  void start_node();
  /// Its process is killed.
  void kill(Host& host);
  void kill_life(const LifePtr& life);
  /// It is told to stop, and does in its own time.
  void stop(Host& host, Millis grace);
  /// The shards are its own from now on.
  void taken_over(const LifePtr& life);
  /// They were, and another one has taken them.
  bool is_superseded(const LifePtr& life) const { return life->had_shards && !life->owns_shards; }

  // --- rules
  void violated(const std::string& rule, const std::string& what);
  /// Tells the checkers; what they throw is a finding.
  void tell(const std::function<void(Checker&)>& what);
  void written(const Commit& commit, const LifePtr& life);
  /// The store did not take a change of this job: whoever was at it begins anew.
  void refused(const JobId& job) { refused_.insert(job); }
  bool was_refused(const JobId& job) const { return refused_.contains(job); }

 private:
  enum class Phase : std::uint8_t { prelude, safety, liveness, end };
  static constexpr Timestamp kBegin{Millis(1'800'000'000'000)};

  bool step();
  bool step_ready(std::size_t which, std::size_t due);
  bool time_goes_by();
  void pass(Millis time);
  /// Steps until then, or a finding. False: a finding, or it did not come to that in time.
  bool run_until(const std::function<bool()>& holds, Millis patience);
  void bury_the_dead();
  void end_in_order();
  void gone(Host& host);
  void act();
  void watch_over_nodes();
  bool prelude();
  bool safety_phase();
  bool liveness_phase();
  void end_phase();
  std::string what_is_open() const;

  const Settings settings_;
  Dice dice_, schedule_;
  Trace trace_;
  Timestamp now_ = kBegin;
  Phase phase_ = Phase::prelude;
  std::multimap<Timestamp, std::function<void()>> agenda_;
  StoredJobs stored_;
  std::unique_ptr<SimStore> store_;
  std::unique_ptr<Clients> clients_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<std::unique_ptr<Host>> hosts_;
  int lives_ = 0;
  std::size_t depth_ = 0;     ///< of interleave
  std::size_t starting_ = 0;  ///< nodes between the decision to start one and its being there
  ClientRates client_rates_;
  bool calm_ = false;          ///< an episode without faults of machines
  bool asks_no_more_ = false;  ///< the last of the safety phase
  LifePtr to_stop_;            ///< the node that is told to; null: none
  Millis grace_{0};
  Timestamp liveness_began_ = kNever;
  std::unordered_set<JobId> refused_;
  std::optional<Finding> finding_;
  std::map<std::string, std::uint64_t> seen_;
  std::uint64_t events_ = 0, events_at_once_ = 0;
  enum class Manner : std::uint8_t { any, newest, oldest } manner_ = Manner::any;
};

}  // namespace troupe::sim
