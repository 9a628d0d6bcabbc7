#include "executor/http/traceparent.hpp"

#include "troupe/base/bytes.hpp"

namespace troupe {
namespace {

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

// version "-" trace-id "-" parent-id "-" flags; a version we do not know may have more behind
std::optional<std::string> child_traceparent(std::string_view parent, Random& random) {
  constexpr std::size_t kLength = 55;
  if (parent.size() < kLength || parent[2] != '-' || parent[35] != '-' || parent[52] != '-') return std::nullopt;
  const std::string_view version = parent.substr(0, 2), trace = parent.substr(3, 32), span = parent.substr(36, 16),
                         flags = parent.substr(53, 2);
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(span) || !is_lower_hex(flags)) return std::nullopt;
  if (version == "ff" || is_zero(trace) || is_zero(span)) return std::nullopt;
  const bool longer = parent.size() > kLength;
  if (longer && (version == "00" || parent[kLength] != '-')) return std::nullopt;

  std::uint64_t fresh = 0;
  while (fresh == 0) fresh = random.next();
  std::uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(fresh >> (56 - 8 * i));
  return "00-" + std::string(trace) + "-" + to_hex(bytes, sizeof bytes) + "-" + std::string(flags);
}

}  // namespace troupe
