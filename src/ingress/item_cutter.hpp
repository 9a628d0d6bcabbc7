// Cuts the body of a batch into the texts of its items while it arrives.
//
//   array   {"jobs": [ITEM, ITEM, …]}      nothing beside `jobs`
//   lines   ITEM LF ITEM LF …              NDJSON; blank lines are passed over, the last LF may be missing
//
// Only the envelope is judged here: an item's text ends where its brackets and strings do, and need not be JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "troupe/base/result.hpp"

namespace troupe::ingress {

class ItemCutter {
 public:
  enum class Form : std::uint8_t { array, lines };
  struct Item {
    std::string text;
    bool too_large = false;  ///< longer than the bound; then `text` is empty
  };

  /// `on_item` is called within feed() and finish(), in order.
  ItemCutter(Form form, std::size_t item_bytes, std::function<void(Item)> on_item)
      : form_(form), item_bytes_(item_bytes), on_item_(std::move(on_item)) {}

  /// malformed_json, or validation_failed where the envelope holds something else. After a failure nothing may follow.
  Result<Done> feed(std::string_view bytes);
  /// There are no more bytes.
  Result<Done> finish();

 private:
  enum class State : std::uint8_t { envelope, name_or_end, name, colon, list, item, after_list, after_envelope };

  void feed_line(std::string_view bytes);
  Result<Done> feed_array(char c);
  Result<Done> begin_member();
  Result<Done> feed_item(char c);
  void append(char c);
  Result<Done> end_item(bool last);
  Error malformed(std::string_view expected) const;

  const Form form_;
  const std::size_t item_bytes_;
  const std::function<void(Item)> on_item_;
  State state_ = State::envelope;
  std::uint64_t at_ = 0;  ///< bytes before the one at hand
  std::string name_;
  Item item_;
  std::size_t items_ = 0;
  std::size_t depth_ = 0;  ///< open brackets within the item
  bool in_string_ = false, escaped_ = false;
};

}  // namespace troupe::ingress
