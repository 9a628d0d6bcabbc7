// Server-Sent Events out of bytes that arrive in any pieces, as the HTML standard reads them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/time.hpp"

namespace troupe::cli {

struct ServerEvent {
  std::string kind = "message";
  std::string id;  ///< the last one seen, this event's or an earlier one's; empty: none yet
  std::string data;
};

class SseParser {
 public:
  /// Gives each whole event to `take`. False when `take` asked to stop, or when an event is larger than any server of
  /// ours sends.
  bool feed(std::string_view piece, const std::function<bool(const ServerEvent&)>& take);
  /// Forgets an event that was cut off, not the last id: for a new connection.
  void restart();

  const std::string& last_id() const { return last_id_; }
  /// What the server asks a client to wait before it connects again.
  std::optional<Millis> retry() const { return retry_; }

 private:
  void take_line(std::string_view line);

  std::string line_;
  bool after_return_ = false;
  std::string kind_, data_, last_id_;
  bool has_data_ = false;
  std::optional<Millis> retry_;
};

}  // namespace troupe::cli
