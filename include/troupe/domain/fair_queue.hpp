// Whose turn is it? A queue with ten priorities and any number of clients.
//
//   1. The highest priority goes first, until a lower one is late: an entry of priority p is late when it has waited
//      for (11 - p) tenths of `max_wait`. While any is, every second turn goes to the priorities that have late
//      entries, one after another. So after `max_wait` an entry's priority has a turn in two, if no other is late, and
//      one in eighteen if all are.
//   2. Within a priority clients share the turns by their weights, whatever each has queued: in any stretch in which
//      two of them always wait, their turns divided by their weights differ by less than one turn of each.
//   3. Within a client and a priority: who has waited longest goes first.
//
// Sharing is by start tags, as in start-time fair queueing. A client's tag is the virtual time of its next turn, which
// moves on by 1/weight with each; the smallest tag is next, and is the virtual time from then on. A client that comes,
// or comes back, begins one turn of its own behind the virtual time. Since nobody's tag is ever further ahead than
// that, who was away is where it would be if it had stayed, or a part of one turn later: nothing of an absence has to
// be remembered, and none pays. It also means that who comes anew waits for the others' turns of one round, and no
// more.
//
// A turn is a start, however long the work takes then. Weights do not reach across priorities.
//
// Pure: time is passed in. Every operation is O(log clients), and O(log entries) where an entry is not the newest or
// the oldest of its client. Only clients with entries are remembered.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "troupe/base/assert.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/fair_rules.hpp"

namespace troupe {

template <class T>
class FairQueue {
  struct Turns;

 public:
  /// Names an entry, as long as it is in the queue.
  class Place {
    friend class FairQueue;
    int priority = 0;
    Turns* client = nullptr;
    std::pair<Timestamp, std::uint64_t> age;
  };

  explicit FairQueue(FairRulesPtr rules = std::make_shared<FairRules>()) : rules_(std::move(rules)) {}
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  /// priority 1 … 10, 10 being the most urgent. It has waited since `since`: what is put back keeps its place so.
  Place push(T value, int priority, const std::string& client, Timestamp since) {
    TROUPE_ASSERT(priority >= 1 && priority <= 10, "a priority is 1 to 10");
    Level& level = levels_[static_cast<std::size_t>(priority)];
    const auto [found, comes] = level.clients.try_emplace(client);
    Turns& turns = found->second;
    if (comes) join(level, turns, found->first);
    const Age age{since, ++number_};
    const bool oldest = comes || age < turns.entries.begin()->first;
    if (oldest && !comes) level.oldest.erase(turns.entries.begin()->first);
    turns.entries.emplace_hint(oldest ? turns.entries.begin() : turns.entries.end(), age, std::move(value));
    if (oldest) level.oldest.emplace(age, &turns);
    ++size_;
    Place place;
    place.priority = priority;
    place.client = &turns;
    place.age = age;
    return place;
  }

  /// The next entry. Nothing when the queue is empty.
  std::optional<T> pop(Timestamp now) {
    const int priority = next_priority(now);
    if (priority == 0) return std::nullopt;
    Level& level = levels_[static_cast<std::size_t>(priority)];
    auto turn = level.turns.extract(level.turns.begin());
    Turns& turns = *turn.mapped();
    level.virtual_time = turns.tag.start;
    turns.tag = {turns.tag.start + turns.stride, ++number_};
    turn.key() = turns.tag;
    level.turns.insert(std::move(turn));
    return take(level, turns, turns.entries.begin());
  }

  /// Takes an entry out that is still in the queue.
  T remove(const Place& place) {
    const auto entry = place.client->entries.find(place.age);
    TROUPE_ASSERT(entry != place.client->entries.end(), "an entry that has left the queue has no place in it");
    return take(levels_[static_cast<std::size_t>(place.priority)], *place.client, entry);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  using Age = std::pair<Timestamp, std::uint64_t>;  ///< the number tells which of two came first
  struct Tag {
    std::uint64_t start = 0;  ///< virtual time
    std::uint64_t number = 0;
    auto operator<=>(const Tag&) const = default;
  };
  /// A client's, of one priority.
  struct Turns {
    const std::string* client = nullptr;
    std::uint64_t stride = 0;  ///< kRound / weight
    Tag tag;                   ///< of its next turn
    std::map<Age, T> entries;  ///< never none
  };
  using Entry = typename std::map<Age, T>::iterator;
  struct Level {
    std::unordered_map<std::string, Turns> clients;
    std::map<Tag, Turns*> turns;
    std::map<Age, Turns*> oldest;  ///< by the oldest entry of each client
    std::uint64_t virtual_time = 0;
  };

  /// Of virtual time: a turn of a client of weight 1. At 10,000 turns a second an hour is 2^50 of 2^64.
  static constexpr std::uint64_t kRound = 1 << 24;

  void join(Level& level, Turns& turns, const std::string& client) {
    turns.client = &client;
    turns.stride = kRound / rules_->weight_of(client);
    turns.tag = {level.virtual_time + turns.stride, ++number_};
    level.turns.emplace(turns.tag, &turns);
  }

  T take(Level& level, Turns& turns, Entry entry) {
    T value = std::move(entry->second);
    const bool oldest = entry == turns.entries.begin();
    auto place = oldest ? level.oldest.extract(entry->first) : typename std::map<Age, Turns*>::node_type();
    turns.entries.erase(entry);
    --size_;
    if (turns.entries.empty()) {
      level.turns.erase(turns.tag);
      level.clients.erase(level.clients.find(*turns.client));
      if (level.clients.empty()) level.virtual_time = 0;
    } else if (oldest) {
      place.key() = turns.entries.begin()->first;
      level.oldest.insert(std::move(place));
    }
    return value;
  }

  /// 0: the queue is empty.
  int next_priority(Timestamp now) {
    int highest = 10;
    while (highest > 0 && levels_[static_cast<std::size_t>(highest)].turns.empty()) --highest;
    if (highest == 0 || std::exchange(late_had_turn_, false)) return highest;
    for (int i = 0; i < 10; ++i) {  // down from the one that had the last such turn, and round again
      const int priority = (last_late_ + 18 - i) % 10 + 1;
      if (priority >= highest || !is_late(priority, now)) continue;
      last_late_ = priority;
      late_had_turn_ = true;
      return priority;
    }
    return highest;
  }
  bool is_late(int priority, Timestamp now) const {
    const Level& level = levels_[static_cast<std::size_t>(priority)];
    return !level.oldest.empty() && now - level.oldest.begin()->first.first >= rules_->max_wait * (11 - priority) / 10;
  }

  const FairRulesPtr rules_;
  std::array<Level, 11> levels_;  ///< by priority; [0] stays empty
  std::uint64_t number_ = 0;
  std::size_t size_ = 0;
  int last_late_ = 1;
  bool late_had_turn_ = false;
};

}  // namespace troupe
