#include "executor/http/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

const std::string* find_header(const HttpResponse& response, std::string_view name) {
  for (const auto& [header, value] : response.headers)
    if (header == name) return &value;
  return nullptr;
}

/// The form that senders must use (IMF-fixdate).
std::optional<std::time_t> parse_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&parts);
}

}  // namespace

std::optional<Millis> retry_after(const HttpResponse& response) {
  const std::string* asked = find_header(response, "retry-after");
  if (asked == nullptr || asked->empty()) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(asked->data(), asked->data() + asked->size(), seconds);
  if (end == asked->data() + asked->size()) {
    const Millis wait = error == std::errc() ? Millis(std::int64_t{seconds} * 1'000) : limits::kRetryAfterMax;
    return std::min(wait, limits::kRetryAfterMax);
  }
  const std::string* sent = find_header(response, "date");
  const auto until = parse_date(*asked), now = sent ? parse_date(*sent) : std::nullopt;
  if (!until || !now) return std::nullopt;
  return std::clamp(Millis((std::int64_t{*until} - *now) * 1'000), Millis(0), limits::kRetryAfterMax);
}

}  // namespace troupe
