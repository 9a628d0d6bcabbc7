#include "ingress/head_scanner.hpp"

namespace troupe::ingress {
namespace {

bool ends_with_version(std::string_view request_line) {
  return request_line.ends_with(" HTTP/1.1") || request_line.ends_with(" HTTP/1.0");
}

bool is_forbidden(unsigned char c) { return (c < 0x20 && c != '\t' && c != '\r') || c == 0x7F; }

}  // namespace

HeadScanner::Verdict HeadScanner::scan(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    const char c = bytes[at_];
    const bool after_cr = at_ > line_start_ && bytes[at_ - 1] == '\r';
    if (c == '\n') {
      if (!after_cr) return malformed("a line ends without a carriage return");
      const auto line = bytes.substr(line_start_, at_ - 1 - line_start_);
      if (line_start_ == 0 && !ends_with_version(line)) return malformed("the first line is no HTTP/1.x request line");
      line_start_ = at_ + 1;
      if (line.empty()) {
        ++at_;
        return Verdict::found;
      }
    } else if (after_cr) {
      return malformed("a carriage return stands alone");
    } else if (is_forbidden(static_cast<unsigned char>(c))) {
      return malformed("the head holds a control character");
    } else if (at_ == line_start_ && at_ > 0 && (c == ' ' || c == '\t')) {
      return malformed("a header is folded over two lines");
    }
  }
  return Verdict::need_more;
}

HeadScanner::Verdict HeadScanner::malformed(std::string_view fault) {
  fault_ = fault;
  return Verdict::malformed;
}

}  // namespace troupe::ingress
