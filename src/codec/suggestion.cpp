#include "codec/suggestion.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

/// How many characters must be inserted, removed, replaced or swapped with their neighbour. Letter case, `_` and `-`
/// count for nothing, so that `maxAttempts` is near `max_attempts`.
std::size_t distance(std::string_view left, std::string_view right) {
  const auto bare = [](std::string_view text) {
    std::string letters;
    for (const char c : text)
      if (c != '_' && c != '-') letters += to_lower(c);
    return letters;
  };
  const std::string a = bare(left), b = bare(right);
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last.back();
}

}  // namespace

std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongest = 64;  // the work grows with the square; nobody mistypes a longer name into ours
  if (written.size() > kLongest) return {};
  std::string_view nearest;
  // A third of the letters may be wrong, and never all of them.
  std::size_t least = std::min(std::max<std::size_t>(1, written.size() / 3) + 1, written.size());
  for (const std::string_view name : known) {
    if (name.size() > kLongest) continue;
    if (const std::size_t d = distance(written, name); d < least) {
      least = d;
      nearest = name;
    }
  }
  if (nearest.empty()) return {};
  return ", did you mean \"" + std::string(nearest) + "\"?";
}

}  // namespace troupe
