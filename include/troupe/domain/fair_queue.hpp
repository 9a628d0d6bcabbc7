// Whose turn is it? A queue with ten priorities and any number of clients.
//
//   1. The highest priority goes first, but everything ages: for each `aging` it has waited, an entry counts as one
//      priority higher, so that nothing starves.
//   2. Within a priority the clients take turns, whatever each has queued.
//   3. Within a client: first in, first out.
//
// Pure: time is passed in. Every operation costs O(1) in the number of entries, except remove().
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "troupe/base/assert.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

template <class T>
class FairQueue {
 public:
  explicit FairQueue(Millis aging = Millis(30'000)) : aging_(aging) {}

  /// priority 1 … 10, 10 being the most urgent
  void push(T value, int priority, const std::string& client, Timestamp now) {
    TROUPE_ASSERT(priority >= 1 && priority <= 10, "a priority is 1 to 10");
    Level& level = levels_[static_cast<std::size_t>(priority - 1)];
    auto [turn, fresh] = level.by_client.try_emplace(client);
    if (fresh) turn->second = level.turns.insert(level.turns.end(), Turn{client, {}});
    turn->second->entries.push_back({std::move(value), now});
    ++size_;
  }

  /// Back to its old place within its client: as if it had waited here since then.
  void put_back(T value, int priority, const std::string& client, Timestamp since) {
    push(std::move(value), priority, client, since);
    auto& entries = levels_[static_cast<std::size_t>(priority - 1)].by_client.at(client)->entries;
    const auto place = std::upper_bound(entries.begin(), entries.end() - 1, since,
                                        [](Timestamp at, const Entry& entry) { return at < entry.since; });
    std::rotate(place, entries.end() - 1, entries.end());
  }

  /// The next entry. Nothing when the queue is empty.
  std::optional<T> pop(Timestamp now) {
    Level* best = nullptr;
    std::int64_t best_rank = 0;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      if (levels_[i].turns.empty()) continue;
      const Millis waited = now - levels_[i].turns.front().entries.front().since;
      const std::int64_t rank = static_cast<std::int64_t>(i) + waited / aging_;
      if (best != nullptr && rank < best_rank) continue;  // ties go to the higher priority
      best = &levels_[i];
      best_rank = rank;
    }
    if (best == nullptr) return std::nullopt;
    auto turn = best->turns.begin();
    T value = std::move(turn->entries.front().value);
    turn->entries.pop_front();
    rotate_or_drop(*best, turn);
    --size_;
    return value;
  }

  /// Takes out the first entry for which the predicate holds. O(n).
  template <class Predicate>
  std::optional<T> remove(Predicate predicate) {
    for (Level& level : levels_) {
      for (auto turn = level.turns.begin(); turn != level.turns.end(); ++turn) {
        const auto found = std::find_if(turn->entries.begin(), turn->entries.end(),
                                        [&](const Entry& entry) { return predicate(entry.value); });
        if (found == turn->entries.end()) continue;
        T value = std::move(found->value);
        turn->entries.erase(found);
        if (turn->entries.empty()) drop(level, turn);
        --size_;
        return value;
      }
    }
    return std::nullopt;
  }

  /// How many entries each priority has; [0] is priority 1.
  std::array<std::size_t, 10> depths() const {
    std::array<std::size_t, 10> depths{};
    for (std::size_t i = 0; i < levels_.size(); ++i)
      for (const Turn& turn : levels_[i].turns) depths[i] += turn.entries.size();
    return depths;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Entry {
    T value;
    Timestamp since;
  };
  struct Turn {
    std::string client;
    std::deque<Entry> entries;
  };
  using Turns = std::list<Turn>;
  struct Level {
    Turns turns;  ///< the client whose turn it is comes first; none is empty
    std::unordered_map<std::string, typename Turns::iterator> by_client;
  };

  void rotate_or_drop(Level& level, typename Turns::iterator turn) {
    if (turn->entries.empty()) return drop(level, turn);
    level.turns.splice(level.turns.end(), level.turns, turn);
  }
  void drop(Level& level, typename Turns::iterator turn) {
    level.by_client.erase(turn->client);
    level.turns.erase(turn);
  }

  Millis aging_;
  std::size_t size_ = 0;
  std::array<Level, 10> levels_;
};

}  // namespace troupe
