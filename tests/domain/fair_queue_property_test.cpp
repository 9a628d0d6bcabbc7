// The queue against a naive one that looks at everything it holds, and against the bounds that it promises: shares in
// any stretch of time, and turns that anybody late waits for.
#include "troupe/domain/fair_queue.hpp"

#include <map>
#include <vector>

#include "domain/property.hpp"

namespace troupe {
namespace {

constexpr Millis kMaxWait(1'000);
constexpr std::uint64_t kRound = 1 << 24;

struct Entry {
  int id = 0;
  int priority = 1;
  std::string client;
  Timestamp since;
  std::uint64_t may_wait_for = 0;  ///< turns, from the first one at which it was late; 0: it was not yet
};

/// The rules as the header of the queue states them, by looking at everything.
class NaiveQueue {
 public:
  explicit NaiveQueue(FairRulesPtr rules) : rules_(std::move(rules)) {}

  void push(Entry entry) {
    const auto key = std::pair(entry.priority, entry.client);
    if (find_oldest(key) == nullptr) tags_[key] = {virtual_time_[entry.priority] + stride(entry.client), ++number_};
    entries_.push_back(std::move(entry));
  }

  const Entry& next(Timestamp now) {
    int priority = highest(11);
    if (!std::exchange(late_had_turn_, false)) {
      std::vector<int> late;  // in the order of their turns
      for (int p = last_late_ - 1; p >= 1; --p) late.push_back(p);
      for (int p = 10; p >= last_late_; --p) late.push_back(p);
      for (int p : late) {
        if (p >= priority || !is_late(p, now)) continue;
        priority = last_late_ = p;
        late_had_turn_ = true;
        break;
      }
    }
    const std::pair<const Key, Tag>* best = nullptr;
    for (const auto& tag : tags_)
      if (tag.first.first == priority && (best == nullptr || tag.second < best->second)) best = &tag;
    const Key key = best->first;
    virtual_time_[priority] = tags_[key].first;
    tags_[key] = {tags_[key].first + stride(key.second), ++number_};
    return *find_oldest(key);
  }

  Entry take(int id) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.id == id; });
    require(found != entries_.end(), "what comes out had been put in, and not taken out before");
    const Entry taken = *found;
    entries_.erase(found);
    if (find_oldest({taken.priority, taken.client}) == nullptr) tags_.erase({taken.priority, taken.client});
    if (std::none_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.priority == taken.priority; }))
      virtual_time_.erase(taken.priority);
    return taken;
  }

  /// Of a client's entries of one priority that came before this one.
  std::uint64_t ahead_of(const Entry& entry) const {
    std::uint64_t ahead = 0;
    for (const Entry& other : entries_)
      ahead += other.priority == entry.priority && other.client == entry.client &&
               std::pair(other.since, other.id) < std::pair(entry.since, entry.id);
    return ahead;
  }

  std::vector<Entry>& entries() { return entries_; }
  std::uint64_t stride(const std::string& client) const { return kRound / rules_->weight_of(client); }
  static bool is_late(const Entry& entry, Timestamp now) {
    return now - entry.since >= kMaxWait * (11 - entry.priority) / 10;
  }

 private:
  using Key = std::pair<int, std::string>;
  using Tag = std::pair<std::uint64_t, std::uint64_t>;

  int highest(int below) const {
    int best = 0;
    for (const Entry& entry : entries_)
      if (entry.priority < below) best = std::max(best, entry.priority);
    return best;
  }
  bool is_late(int priority, Timestamp now) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.priority == priority && is_late(entry, now); });
  }
  const Entry* find_oldest(const Key& key) const {
    const Entry* oldest = nullptr;
    for (const Entry& entry : entries_) {
      if (Key(entry.priority, entry.client) != key) continue;
      if (oldest == nullptr || std::pair(entry.since, entry.id) < std::pair(oldest->since, oldest->id)) oldest = &entry;
    }
    return oldest;
  }

  FairRulesPtr rules_;
  std::vector<Entry> entries_;
  std::map<Key, Tag> tags_;
  std::map<int, std::uint64_t> virtual_time_;
  std::uint64_t number_ = 0;
  int last_late_ = 1;
  bool late_had_turn_ = false;
};

/// While two clients of one priority both wait: by how much the one was ever ahead of the other.
struct Race {
  std::int64_t ahead = 0, most = 0, least = 0;
};

class QueueWorld {
 public:
  QueueWorld(Choices& choices, bool with_removal)
      : choices_(choices), with_removal_(with_removal), rules_(draw_rules(choices)), queue_(rules_), naive_(rules_) {}

  void play() {
    while (!choices_.empty()) {
      now_ += Millis(choices_.number(choices_.chance(20) ? 300 : 20));
      const std::uint32_t kind = choices_.number(10);
      if (kind < 5)
        push();
      else if (kind < 9 || !with_removal_)
        pop();
      else
        remove();
      require(queue_.size() == naive_.entries().size() && queue_.empty() == naive_.entries().empty(),
              "the size is the number of entries");
    }
    while (!naive_.entries().empty()) pop();
    require(!queue_.pop(now_).has_value(), "an empty queue gives nothing");
  }

 private:
  static constexpr const char* kClients[] = {"a", "b", "c", "d"};

  static FairRulesPtr draw_rules(Choices& choices) {
    FairRules rules{kMaxWait, {}};
    if (choices.chance(60))
      for (const char* client : kClients) rules.weights[client] = 1 + choices.number(9);
    return std::make_shared<FairRules>(std::move(rules));
  }

  void push() {
    Entry entry;
    entry.id = ++last_id_;
    entry.priority = static_cast<int>(1 + (choices_.chance(50) ? choices_.number(10) : 4 + choices_.number(2)));
    entry.client = kClients[choices_.number(4)];
    entry.since = now_ - Millis(with_removal_ && choices_.chance(10) ? choices_.number(500) : 0);  // put back
    places_[entry.id] = queue_.push(entry.id, entry.priority, entry.client, entry.since);
    naive_.push(std::move(entry));
  }

  void pop() {
    if (naive_.entries().empty()) return require(!queue_.pop(now_), "an empty queue gives nothing");
    note_late();
    const Entry expected = naive_.next(now_);
    const std::optional<int> got = queue_.pop(now_);
    require(got.has_value(), "a queue that holds something gives something");
    require(*got == expected.id, "the next one is next by priority and lateness, by share, by age");
    note_turn(expected);
    naive_.take(*got);
    places_.erase(*got);
    note_gone(expected);
    for (Entry& entry : naive_.entries()) {
      if (entry.may_wait_for == 0 || with_removal_) continue;
      require(--entry.may_wait_for > 0, "what is late starts within the bound");
    }
  }

  void remove() {
    if (places_.empty()) return;
    const auto found = std::next(places_.begin(), choices_.number(static_cast<std::uint32_t>(places_.size())));
    const int id = found->first;
    require(queue_.remove(found->second) == id, "an entry is taken out by its place");
    places_.erase(found);
    note_gone(naive_.take(id));
  }

  /// Nine others may be late, too; of its own priority it waits for its client's older ones, each for the others'
  /// turns.
  void note_late() {
    for (Entry& entry : naive_.entries()) {
      if (entry.may_wait_for > 0 || !NaiveQueue::is_late(entry, now_)) continue;
      std::uint64_t turns = 1;
      for (const char* other : kClients)
        if (other != entry.client) turns += naive_.stride(entry.client) / naive_.stride(other) + 2;
      entry.may_wait_for = 18 * (1 + naive_.ahead_of(entry)) * turns + 1;
    }
  }

  void note_turn(const Entry& taken) {
    for (const char* other : kClients) {
      if (other == taken.client || !waits(taken.priority, other)) continue;
      const bool first = taken.client < other;
      const auto key = std::tuple(taken.priority, std::min<std::string>(taken.client, other),
                                  std::max<std::string>(taken.client, other));
      Race& race = races_[key];
      const auto step = static_cast<std::int64_t>(naive_.stride(taken.client));
      race.ahead += first ? step : -step;
      race.most = std::max(race.most, race.ahead);
      race.least = std::min(race.least, race.ahead);
      require(race.most - race.least <= static_cast<std::int64_t>(naive_.stride(taken.client) + naive_.stride(other)),
              "in any stretch in which two clients wait, their turns go by their weights, but for one turn of each");
    }
  }
  void note_gone(const Entry& taken) {
    if (waits(taken.priority, taken.client)) return;
    std::erase_if(races_, [&](const auto& race) {
      const auto& [priority, one, other] = race.first;
      return priority == taken.priority && (one == taken.client || other == taken.client);
    });
  }
  bool waits(int priority, const std::string& client) {
    return std::any_of(naive_.entries().begin(), naive_.entries().end(),
                       [&](const Entry& entry) { return entry.priority == priority && entry.client == client; });
  }

  Choices& choices_;
  bool with_removal_;
  FairRulesPtr rules_;
  FairQueue<int> queue_;
  NaiveQueue naive_;
  std::map<int, FairQueue<int>::Place> places_;
  std::map<std::tuple<int, std::string, std::string>, Race> races_;
  Timestamp now_ = from_unix_ms(1'000'000);
  int last_id_ = 0;
};

TEST(FairQueueProperty, GivesInTheOrderOfItsRulesSharesByWeightAndStarvesNobody) {
  check_property([](Choices& choices) { QueueWorld(choices, /*with_removal=*/false).play(); }, 10);
}

TEST(FairQueueProperty, KeepsItsOrderWhenEntriesAreTakenOut) {
  check_property([](Choices& choices) { QueueWorld(choices, /*with_removal=*/true).play(); }, 10);
}

}  // namespace
}  // namespace troupe
