// Keeps the values of secrets out of what comes back from a task: its outputs, its log, its errors, what it says while
// it runs. A value of at least kMaskedBytes is found
//
//   as it is, also with its control characters as spaces (messages of one line),
//   as JSON writes it within a string, with and without escapes of what is not ASCII,
//   percent-encoded, and as a form encodes it,
//   as base64 at any place of a longer text (all but its first and last character), in both alphabets,
//
// whatever the case of its letters from A to Z, and cut in two beside the "…" of a shortened text, if kEdgeBytes of it
// are left. What is found becomes `***`. Other
// shapes of it (hexadecimal, compressed, split over several texts) are not known, nor are the bytes of files that a
// task makes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "troupe/port/executor.hpp"

namespace troupe {

/// Immutable, so any thread may use it.
class SecretMask {
 public:
  static constexpr std::size_t kMaskedBytes = 6;
  static constexpr std::size_t kEdgeBytes = 4;

  explicit SecretMask(const std::vector<std::string>& values);

  std::string text(std::string_view text) const;
  /// A JSON document: every string and name of it, and numbers whose digits hold a value.
  Document document(const Document& document) const;
  Error error(Error error) const;
  void outcome(TaskOutcome& outcome) const;

 private:
  friend class MaskedStream;

  struct Span {
    std::size_t begin = 0, end = 0;
  };
  std::vector<Span> find(std::string_view written) const;  ///< sorted, apart from each other
  void find_halves(std::string_view text, std::vector<Span>& spans) const;
  static std::string masked(std::string_view text, const std::vector<Span>& spans);
  void mask(Json& value) const;

  std::vector<std::string> shapes_;  ///< in small letters
};

/// A text that comes in pieces. The end of a piece that may be the beginning of a value is kept back until the next one
/// tells, or the stream ends. Not thread-safe.
class MaskedStream {
 public:
  explicit MaskedStream(const SecretMask& mask) : mask_(mask) {}

  /// What can be shown now.
  std::string take(std::string_view piece);
  std::string take_rest();

 private:
  const SecretMask& mask_;
  std::string kept_;
};

}  // namespace troupe
