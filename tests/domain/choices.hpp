// The random choices of one case, as a tape of numbers. Whatever a case needs (a workflow, the next command, a moment)
// is read from its tape, so that rapidcheck shrinks a failing case by shortening the tape and lowering its numbers. An
// empty tape gives zeros: zero stands for the simplest choice everywhere.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace troupe {

struct Tape {
  std::vector<std::uint16_t> numbers;
};

inline std::ostream& operator<<(std::ostream& out, const Tape& tape) {
  out << "tape of " << tape.numbers.size() << ":";
  for (std::uint16_t number : tape.numbers) out << " " << number;
  return out;
}

class Choices {
 public:
  explicit Choices(const Tape& tape) : tape_(tape.numbers) {}

  /// 0 … below - 1
  std::uint32_t number(std::uint32_t below) { return next() % below; }
  /// Never true on an empty tape.
  bool chance(std::uint32_t percent) { return next() % 100 >= 100 - percent; }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[number(static_cast<std::uint32_t>(values.size()))];
  }
  bool empty() const { return position_ >= tape_.size(); }

 private:
  std::uint16_t next() { return empty() ? std::uint16_t{0} : tape_[position_++]; }

  const std::vector<std::uint16_t>& tape_;
  std::size_t position_ = 0;
};

/// SplitMix64: rapidcheck's own generator is cryptographic and would cost more than the cases.
class FastRandom {
 public:
  explicit FastRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// Simpler tapes: shorter, with stretches of zeros, with lower numbers.
inline rc::Seq<Tape> shrink_tape(const Tape& tape) {
  const auto to_tape = [](std::vector<std::uint16_t>&& numbers) { return Tape{std::move(numbers)}; };
  const auto lower = [](std::uint16_t number) { return rc::shrink::towards<std::uint16_t>(number, 0); };
  std::vector<Tape> cleared;
  for (std::size_t length = tape.numbers.size(); length > 0; length /= 2) {
    for (std::size_t from = 0; from + length <= tape.numbers.size(); from += length) {
      Tape simpler = tape;
      const auto begin = simpler.numbers.begin() + static_cast<std::ptrdiff_t>(from);
      std::fill_n(begin, length, std::uint16_t{0});
      if (simpler.numbers != tape.numbers) cleared.push_back(std::move(simpler));
    }
  }
  return rc::seq::concat(rc::seq::map(rc::shrink::removeChunks(tape.numbers), to_tape),
                         rc::seq::fromContainer(std::move(cleared)),
                         rc::seq::map(rc::shrink::eachElement(tape.numbers, lower), to_tape));
}

/// Tapes grow with rapidcheck's size (0 … 100), up to about 650 numbers.
inline Tape random_tape(std::uint64_t seed, int size) {
  FastRandom numbers(seed);
  Tape tape;
  tape.numbers.resize(1 + numbers.next() % (50 + 6 * static_cast<std::uint64_t>(size)));
  for (std::uint16_t& number : tape.numbers) number = static_cast<std::uint16_t>(numbers.next() >> 48);
  return tape;
}

inline rc::Gen<Tape> tapes() {
  return [](const rc::Random& random, int size) {
    return rc::shrinkable::shrinkRecur(random_tape(rc::Random(random).next(), size), &shrink_tape);
  };
}

}  // namespace troupe

template <>
struct rc::Arbitrary<troupe::Tape> {
  static Gen<troupe::Tape> arbitrary() { return troupe::tapes(); }
};
