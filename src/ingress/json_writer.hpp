// Writes JSON text straight into a string: members in the order they are written, documents spliced in as they are.
// Answers are made with it rather than from a tree of values, because most of an answer is documents that the store
// already holds as text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "troupe/base/bytes.hpp"
#include "troupe/base/time.hpp"

namespace troupe::ingress {

/// The caller opens and closes in pairs; names are given inside objects and left out inside arrays.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& begin_object(std::string_view name);
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& begin_array(std::string_view name);
  JsonWriter& end_array();

  JsonWriter& text(std::string_view name, std::string_view value);
  /// null when empty
  JsonWriter& text_or_null(std::string_view name, std::string_view value);
  JsonWriter& number(std::string_view name, std::uint64_t value);
  JsonWriter& real(std::string_view name, double value);
  JsonWriter& flag(std::string_view name, bool value);
  JsonWriter& null(std::string_view name);
  /// RFC 3339; null for kNever
  JsonWriter& time(std::string_view name, Timestamp value);
  /// as it is; null when absent
  JsonWriter& document(std::string_view name, const Document& value);
  /// JSON text, as it is
  JsonWriter& raw(std::string_view name, std::string_view json);

  JsonWriter& element_text(std::string_view value);
  JsonWriter& element_raw(std::string_view json);

  std::string take() { return std::move(out_); }

 private:
  void separate();
  void name(std::string_view text);
  void quote(std::string_view text);

  std::string out_;
  bool first_ = true;  // nothing stands before the next value on its level
};

}  // namespace troupe::ingress
