// Finds the end of a request's head as it arrives, and turns away at once what can never become one.
//
// Beast's parser waits for the blank line before it judges anything, unfolds folded headers and knows no bound between
// two bytes. This goes before it: each byte is looked at once, so a client that sends byte by byte costs no more than
// another, and a TLS hello or a bare line feed is refused on sight rather than after a time-out.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::ingress {

class HeadScanner {
 public:
  enum class Verdict { need_more, found, malformed };

  /// `bytes` is all of the head that has arrived; each call sees at least what the last one saw.
  Verdict scan(std::string_view bytes);
  /// After `found`: the length of the head with its blank line.
  std::size_t head_size() const { return at_; }
  /// After `malformed`: what is wrong, as the rest of a sentence.
  std::string_view fault() const { return fault_; }

 private:
  Verdict malformed(std::string_view fault);

  std::size_t at_ = 0;          ///< the next byte to look at
  std::size_t line_start_ = 0;  ///< where its line begins
  std::string_view fault_;
};

}  // namespace troupe::ingress
