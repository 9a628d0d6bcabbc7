// What happened, line by line: the last lines for whoever looks into a failure, and a digest of all of them, by which
// two runs of a seed are compared.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"

namespace troupe::sim {

class Trace {
 public:
  explicit Trace(std::size_t kept) : kept_(kept) {}

  /// Texts, numbers and ids, one after another.
  template <class... Parts>
  void add(Millis at, const Parts&... parts) {
    line_.clear();
    put(at.count());
    line_ += ' ';
    (put(parts), ...);
    finish();
  }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t digest() const { return digest_; }
  const std::deque<std::string>& tail() const { return tail_; }

 private:
  void put(std::string_view text) { line_ += text; }
  void put(const char* text) { line_ += text; }
  void put(const std::string& text) { line_ += text; }
  template <std::integral Number>
  void put(Number number) {
    char digits[24];
    line_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  /// The part of an id that tells it from others.
  template <class Tag>
  void put(const Id<Tag>& id) {
    line_ += to_hex(id.bytes.data() + 4, 7);
  }
  void finish() {
    for (const char c : line_) digest_ = (digest_ ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;  // FNV-1a
    ++lines_;
    if (kept_ == 0) return;
    if (tail_.size() == kept_) tail_.pop_front();
    tail_.push_back(line_);
  }

  const std::size_t kept_;
  std::string line_;
  std::deque<std::string> tail_;
  std::uint64_t digest_ = 0xCBF29CE484222325ULL;
  std::uint64_t lines_ = 0;
};

}  // namespace troupe::sim
