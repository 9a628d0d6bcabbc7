// The connections of one event loop, by what they are waiting for.
//
// Within a phase every connection has the same time-out, so a list kept in the order of entering is also in the order
// of expiry: moving a connection is a splice, finding the expired is a look at the head, and ten thousand connections
// need no timer but the loop's one tick. The head of the idle list is the one to close when room is needed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "troupe/base/time.hpp"

namespace troupe::ingress {

class Connection;

enum class Phase {
  idle,       ///< no byte of a request yet
  receiving,  ///< a request has begun
  handling,   ///< the handler, a blob's reader or a stream's sender is at work; the client need do nothing
  sending,    ///< the client has to take bytes
  lingering,  ///< refused: lets the client read the answer while it still sends
};
inline constexpr std::size_t kPhases = 5;

class Roster {
 public:
  using List = std::list<std::shared_ptr<Connection>>;
  using Time = std::chrono::steady_clock::time_point;

  /// Where a connection stands. Kept inside the connection.
  struct Place {
    List::iterator at;
    Phase phase = Phase::idle;
    Time since{};
    bool listed = false;
  };

  void add(std::shared_ptr<Connection> connection, Place& place, Phase phase);
  /// To the end of the phase's list; entering the phase it is in starts its time-out anew.
  void enter(Place& place, Phase phase);
  void remove(Place& place);

  const List& in(Phase phase) const { return lists_[static_cast<std::size_t>(phase)]; }

 private:
  List& list(Phase phase) { return lists_[static_cast<std::size_t>(phase)]; }

  std::array<List, kPhases> lists_;
};

}  // namespace troupe::ingress
