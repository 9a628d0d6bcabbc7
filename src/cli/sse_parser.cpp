#include "cli/sse_parser.hpp"

#include <charconv>

namespace troupe::cli {
namespace {

constexpr std::size_t kEventBytes = 64 << 20;
constexpr std::int64_t kRetryMsMax = 60'000;

}  // namespace

bool SseParser::feed(std::string_view piece, const std::function<bool(const ServerEvent&)>& take) {
  for (const char c : piece) {
    const bool second_of_pair = c == '\n' && after_return_;
    after_return_ = c == '\r';
    if (second_of_pair) continue;
    if (c != '\n' && c != '\r') {
      line_ += c;
      if (line_.size() + data_.size() > kEventBytes) return false;
      continue;
    }
    if (!line_.empty()) {
      take_line(line_);
      line_.clear();
      continue;
    }
    if (has_data_ && !data_.empty()) data_.pop_back();  // the line end after the last line of data
    const ServerEvent event{kind_.empty() ? "message" : kind_, last_id_, data_};
    const bool whole = has_data_;
    kind_.clear();
    data_.clear();
    has_data_ = false;
    if (whole && !take(event)) return false;
  }
  return true;
}

void SseParser::restart() {
  line_.clear();
  kind_.clear();
  data_.clear();
  has_data_ = after_return_ = false;
}

void SseParser::take_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment: keeps the connection alive
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") {
    kind_ = value;
  } else if (name == "data") {
    data_ += value;
    data_ += '\n';
    has_data_ = true;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  } else if (name == "retry") {
    std::int64_t ms = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (error == std::errc() && end == value.data() + value.size() && ms >= 0 && ms <= kRetryMsMax) retry_ = Millis(ms);
  }
}

}  // namespace troupe::cli
