#include "ingress/item_cutter.hpp"

#include <utility>

#include "troupe/base/ascii.hpp"

namespace troupe::ingress {
namespace {

/// Longer than any name that is known.
constexpr std::size_t kNameBytes = 64;

void trim_end(std::string& text) {
  while (!text.empty() && is_blank(text.back())) text.pop_back();
}

}  // namespace

Result<Done> ItemCutter::feed(std::string_view bytes) {
  if (form_ == Form::lines) {
    feed_line(bytes);
    return Done{};
  }
  for (char c : bytes) {
    if (auto fed = feed_array(c); !fed) return fed;
    ++at_;
  }
  return Done{};
}

Result<Done> ItemCutter::finish() {
  if (form_ == Form::lines) {
    feed_line("\n");
    return Done{};
  }
  if (state_ != State::after_envelope) return malformed("the rest of the body");
  return Done{};
}

void ItemCutter::feed_line(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (item_.too_large || item_.text.size() + piece.size() > item_bytes_)
      item_ = {{}, true};
    else
      item_.text.append(piece);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    trim_end(item_.text);
    Item item = std::exchange(item_, {});
    if (item.too_large || !item.text.empty()) on_item_(std::move(item));
  }
}

Result<Done> ItemCutter::feed_array(char c) {
  if (state_ == State::item) return feed_item(c);
  if (state_ == State::name) {
    if (c == '"') {
      state_ = State::colon;
    } else if (name_.size() < kNameBytes) {
      name_ += c;
    }
    return Done{};
  }
  if (is_blank(c)) return Done{};
  switch (state_) {
    case State::envelope:
      if (c != '{') return malformed("'{'");
      state_ = State::name_or_end;
      return Done{};
    case State::name_or_end:
      if (c == '"') {
        state_ = State::name;
        return Done{};
      }
      if (c == '}')
        return Error{ErrorCode::validation_failed, "The body has no jobs.", false, {{"/jobs", "is missing"}}};
      return malformed("\"jobs\"");
    case State::colon:
      if (c != ':') return malformed("':'");
      return begin_member();
    case State::list:
      if (c != '[') return malformed("'[', the list of jobs");
      state_ = State::item;
      return Done{};
    case State::after_list:
      if (c == ',') return malformed("'}': there may be nothing beside jobs");
      if (c != '}') return malformed("'}'");
      state_ = State::after_envelope;
      return Done{};
    default: return malformed("the end of the body");
  }
}

Result<Done> ItemCutter::begin_member() {
  if (name_ != "jobs")
    return Error{ErrorCode::validation_failed,
                 "The body may have one member, jobs.",
                 false,
                 {{"/" + name_, "is not known here"}}};
  state_ = State::list;
  return Done{};
}

Result<Done> ItemCutter::feed_item(char c) {
  if (in_string_) {
    append(c);
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return Done{};
  }
  if (depth_ == 0) {
    if (c == ',') return end_item(/*last=*/false);
    if (c == ']') return end_item(/*last=*/true);
    if (c == '}') return malformed("',' or ']'");
    if (item_.text.empty() && is_blank(c)) return Done{};
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') --depth_;
  append(c);
  return Done{};
}

void ItemCutter::append(char c) {
  if (item_.too_large) return;
  if (item_.text.size() == item_bytes_)
    item_ = {{}, true};
  else
    item_.text += c;
}

Result<Done> ItemCutter::end_item(bool last) {
  trim_end(item_.text);
  const bool empty = item_.text.empty() && !item_.too_large;
  if (empty && !(last && items_ == 0)) return malformed("a job");
  if (!empty) {
    ++items_;
    on_item_(std::exchange(item_, {}));
  }
  if (last) state_ = State::after_list;
  return Done{};
}

Error ItemCutter::malformed(std::string_view expected) const {
  return {ErrorCode::malformed_json,
          "The body is not {\"jobs\": […]}: at byte " + std::to_string(at_) + " there should be " +
              std::string(expected) + ".",
          false,
          {}};
}

}  // namespace troupe::ingress
