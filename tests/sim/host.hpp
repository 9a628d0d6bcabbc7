// A machine with a node on it: the real Node, on CAF's test coordinator, with simulated ports. The world draws which of
// its actors or blocking calls goes on. Knows CAF, and keeps it to itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/life.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::sim {

class World;

/// What a node holds, looked into when it should hold nothing.
struct Census {
  std::size_t slots_busy = 0;    ///< as the broker counts
  std::size_t assigned = 0;      ///< tasks, as the broker knows
  std::size_t queued = 0;        ///< tasks in the broker
  std::size_t at_workers = 0;    ///< tasks, as the workers know
  std::size_t at_executors = 0;  ///< tasks
  std::size_t timers = 0;
  std::size_t actors = 0;  ///< above those that are always there
  std::size_t jobs_live = 0, jobs_loading = 0;
  std::size_t runs_live = 0, changes_waiting = 0;
  std::size_t runs_held = 0, runs_under_way = 0;  ///< of workflows with a concurrency limit
  bool outcomes_in_flight = false;
  std::size_t watched = 0;   ///< jobs that someone watches
  std::size_t on_board = 0;  ///< runs with live state
};

class Host {
 public:
  /// `slots` of each worker, `writers` 1 or 2, `live_max`: jobs before it sheds.
  struct Size {
    std::size_t slots = 4, writers = 1, live_max = 100'000;
  };
  Host(World& world, LifePtr life, Size size);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// False: the node did not come up.
  bool start();
  /// As an operator stops it: the world goes on meanwhile. Returns when the node has ended, or was killed.
  void stop(Millis grace);
  /// After the death of its process: gives back what it held. Nothing is found left over, or the world is told.
  void tear_down();

  const LifePtr& life() const { return life_; }
  bool is_up() const;
  Gateway& gateway();

  /// Until the node is gone: a subscription must be dropped before what it was made by.
  void keep(std::shared_ptr<std::unique_ptr<Subscription>> subscription);

  /// Actors with a message, and blocking calls, that could go on now.
  std::size_t ready() const;
  /// 0 … ready() - 1; the actors come first, in the order in which they were woken.
  void go_on(std::size_t which);
  /// Until the next of its time-outs; nothing: there is none.
  std::optional<Millis> until_timeout() const;
  void pass(Millis time);

  /// From now on its executors work as they should, and what hung goes on.
  void heal();
  Census census() const;

 private:
  struct Parts;
  World& world_;
  const LifePtr life_;
  const Size size_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace troupe::sim
