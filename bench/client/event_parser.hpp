// Server-Sent Events out of a chunked HTTP body, as bytes arrive.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace troupe::bench {

class EventParser {
 public:
  using OnData = std::function<void(std::string_view data)>;

  /// `on_data` gets the data of every event; comments and other fields are passed over.
  explicit EventParser(OnData on_data) : on_data_(std::move(on_data)) {}

  /// False when the body has ended or is not well-formed; then no more may come.
  bool feed(std::string_view bytes);

 private:
  enum class Part { size, content, content_end, over };

  void take_size_byte(char c);
  void take_content(std::string_view content);
  void take_line(std::string_view line);

  OnData on_data_;
  Part part_ = Part::size;
  std::size_t chunk_left_ = 0;
  bool has_digits_ = false;
  std::string line_;  ///< the begun one
};

}  // namespace troupe::bench
