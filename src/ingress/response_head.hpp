// Writes the head of a response. Pure, but for the Date line, which is made once a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingress/http.hpp"
#include "troupe/base/clock.hpp"

namespace troupe::ingress {

/// What the server knows about an answer besides the answer itself.
struct ResponseFraming {
  int version = 11;  ///< of the request
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  ///< none: chunked, ended by closing, or a status without a body
  std::string_view request_id;
};

/// May an answer with this status have a body at all?
bool status_has_body(int status);

/// The current Date header line with its CRLF. One a loop; not thread-safe.
class DateLine {
 public:
  explicit DateLine(Clock& clock) : clock_(clock) {}
  std::string_view text();

 private:
  Clock& clock_;
  std::int64_t second_ = -1;
  std::string text_;
};

/// Appends the head with its blank line to `out`. Headers that are the server's to set are ignored if the handler set
/// them; bytes that could end a line are replaced by spaces, so that no value can add a header or a second response.
void write_head(std::string& out, const Response& response, const ResponseFraming& framing, std::string_view date_line);

}  // namespace troupe::ingress
