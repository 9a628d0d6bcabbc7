// The queue against a naive one that looks at everything it holds, and against the bound that keeps anyone from
// starving.
#include "troupe/domain/fair_queue.hpp"

#include <map>
#include <vector>

#include "domain/property.hpp"

namespace troupe {
namespace {

constexpr Millis kAging(100);

struct Entry {
  int id = 0;
  int priority = 1;
  std::string client;
  Timestamp since;
  std::uint64_t first_since = 0;  ///< how many had been taken out when it became the first of its client
  std::size_t may_precede = 0;    ///< how many entries could go ahead of it from then on
  Timestamp window_end;           ///< who comes before this may be among them
};

class NaiveQueue {
 public:
  void push(Entry entry) {
    for (Entry& waiting : entries_)
      if (entry.since < waiting.window_end) ++waiting.may_precede;
    const bool first = find_first(entry.priority, entry.client) == nullptr;
    if (first) turns_[{entry.priority, entry.client}] = ++turn_;
    entries_.push_back(std::move(entry));
    if (first) become_first(entries_.back(), entries_.back().since);
  }

  /// Whoever is next by the rules as the header of the queue states them.
  const Entry* next(Timestamp now) const {
    const Entry* best = nullptr;
    for (int priority = 1; priority <= 10; ++priority) {
      const Entry* candidate = first_in_turn(priority);
      if (candidate != nullptr && (best == nullptr || rank(*candidate, now) >= rank(*best, now))) best = candidate;
    }
    return best;
  }

  Entry take(int id, Timestamp now) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.id == id; });
    require(found != entries_.end(), "what comes out had been put in, and not taken out before");
    const Entry taken = *found;
    const bool was_first = find_first(taken.priority, taken.client) == &*found;
    entries_.erase(found);
    ++taken_;
    Entry* successor = find_first(taken.priority, taken.client);
    if (was_first && successor != nullptr) become_first(*successor, now);
    return taken;
  }
  void take_turn(const Entry& taken) { turns_[{taken.priority, taken.client}] = ++turn_; }

  std::uint64_t taken() const { return taken_; }
  std::size_t size() const { return entries_.size(); }

 private:
  static std::int64_t rank(const Entry& entry, Timestamp now) { return entry.priority + (now - entry.since) / kAging; }

  Entry* find_first(int priority, const std::string& client) {
    for (Entry& entry : entries_)
      if (entry.priority == priority && entry.client == client) return &entry;
    return nullptr;
  }
  const Entry* first_in_turn(int priority) const {
    const Entry* best = nullptr;
    std::uint64_t best_turn = UINT64_MAX;
    for (const Entry& entry : entries_) {
      if (entry.priority != priority) continue;
      const std::uint64_t turn = turns_.at({priority, entry.client});
      if (turn < best_turn) best = &entry, best_turn = turn;
    }
    return best;
  }
  void become_first(Entry& entry, Timestamp now) {
    entry.first_since = taken_;
    entry.may_precede = entries_.size() - 1;
    entry.window_end = now + 10 * kAging;
  }

  std::vector<Entry> entries_;  ///< in the order of their coming
  std::map<std::pair<int, std::string>, std::uint64_t> turns_;
  std::uint64_t turn_ = 0;
  std::uint64_t taken_ = 0;
};

class QueueWorld {
 public:
  QueueWorld(Choices& choices, bool with_removal) : choices_(choices), with_removal_(with_removal) {}

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
      require(queue_.size() == naive_.size() && queue_.empty() == (naive_.size() == 0),
              "the size is the number of entries");
    }
    while (naive_.size() > 0) pop();
    require(!queue_.pop(now_).has_value(), "an empty queue gives nothing");
  }

 private:
  void push() {
    static const std::vector<std::string> kClients = {"a", "b", "c", "d"};
    Entry entry;
    entry.id = ++last_id_;
    entry.priority = static_cast<int>(1 + (choices_.chance(50) ? choices_.number(10) : 4 + choices_.number(2)));
    entry.client = choices_.one_of(kClients);
    entry.since = now_;
    queue_.push(entry.id, entry.priority, entry.client, now_);
    naive_.push(std::move(entry));
  }

  void pop() {
    const Entry* expected = naive_.next(now_);
    const std::optional<int> got = queue_.pop(now_);
    require(got.has_value() == (expected != nullptr), "a queue gives something exactly if it holds something");
    if (!got) return;
    require(*got == expected->id, "the next one is next by priority and age, by turn, by order");
    const Entry taken = naive_.take(*got, now_);
    naive_.take_turn(taken);
    const std::uint64_t waited_for = naive_.taken() - 1 - taken.first_since;
    if (!with_removal_)
      require(waited_for <= taken.may_precede, "nobody starves: what comes ten agings later does not go first");
  }

  void remove() {
    const int id = static_cast<int>(1 + choices_.number(static_cast<std::uint32_t>(last_id_) + 1));
    if (queue_.remove([&](int value) { return value == id; })) naive_.take(id, now_);
  }

  Choices& choices_;
  bool with_removal_;
  FairQueue<int> queue_{kAging};
  NaiveQueue naive_;
  Timestamp now_ = from_unix_ms(1'000'000);
  int last_id_ = 0;
};

TEST(FairQueueProperty, GivesInTheOrderOfItsRulesAndStarvesNobody) {
  check_property([](Choices& choices) { QueueWorld(choices, /*with_removal=*/false).play(); }, 10);
}

TEST(FairQueueProperty, KeepsItsOrderWhenEntriesAreTakenOut) {
  check_property([](Choices& choices) { QueueWorld(choices, /*with_removal=*/true).play(); }, 10);
}

}  // namespace
}  // namespace troupe
