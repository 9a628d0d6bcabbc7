#include "bench/event_parser.hpp"

namespace troupe::bench {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool EventParser::feed(std::string_view bytes) {
  while (!bytes.empty() && part_ != Part::over) {
    if (part_ == Part::content) {
      const auto content = bytes.substr(0, chunk_left_);
      take_content(content);
      chunk_left_ -= content.size();
      bytes.remove_prefix(content.size());
      if (chunk_left_ == 0) part_ = Part::content_end;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (part_ == Part::size)
      take_size_byte(c);
    else if (c == '\n')
      part_ = Part::size;
  }
  return part_ != Part::over;
}

void EventParser::take_size_byte(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
    has_digits_ = true;
  } else if (c == '\n') {
    part_ = has_digits_ && chunk_left_ > 0 ? Part::content : Part::over;
    has_digits_ = false;
  } else if (c != '\r') {
    part_ = Part::over;
  }
}

void EventParser::take_content(std::string_view content) {
  while (true) {
    const auto end = content.find('\n');
    if (end == std::string_view::npos) break;
    if (line_.empty()) {
      take_line(content.substr(0, end));
    } else {
      line_.append(content.substr(0, end));
      take_line(line_);
      line_.clear();
    }
    content.remove_prefix(end + 1);
  }
  line_.append(content);
}

void EventParser::take_line(std::string_view line) {
  constexpr std::string_view kData = "data: ";
  if (line.starts_with(kData)) on_data_(line.substr(kData.size()));
}

}  // namespace troupe::bench
