#include "codec/json.hpp"

#include <simdjson.h>

#include <cstring>
#include <iterator>
#include <optional>
#include <vector>

namespace troupe {
namespace {

/// Walks over the text and leaves its position where the SAX handler can see it, because nlohmann's handler is told of
/// members and brackets without their place.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** position) : at_(at), position_(position) {}

  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *position_ = ++at_;
    return *this;
  }
  TrackedIterator operator++(int) {
    TrackedIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const TrackedIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** position_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - unexpected
/// end of input; expected '}'; last read: '{'" becomes "unexpected end of the text, expected '}'".
std::string plain_reason(std::string reason) {
  if (reason.find("out_of_range.406") != std::string::npos) return "the number is too large";
  if (const auto at = reason.find(" - "); at != std::string::npos) reason.erase(0, at + 3);
  if (const auto at = reason.find("; last read: '"); at != std::string::npos) {
    // What was read may be long or unprintable, and the position says it already; only the expectation is of use.
    const auto expected = reason.rfind("; expected ");
    reason = reason.substr(0, at) + (expected != std::string::npos && expected > at ? reason.substr(expected) : "");
  }
  replace_all(reason, "; expected ", ", expected ");
  replace_all(reason, "end of input", "end of the text");
  replace_all(reason, "unexpected string literal", "unexpected string");
  replace_all(reason, "expected string literal", "expected a string in double quotes");
  replace_all(reason, "number literal", "number");
  replace_all(reason, "true literal", "'true'");
  replace_all(reason, "false literal", "'false'");
  replace_all(reason, "null literal", "'null'");
  replace_all(reason, "'[', '{', or a literal", "a value");
  replace_all(reason, "expected a value, expected", "expected");
  return reason;
}

/// Builds the value while nlohmann's parser reads. Neither recurses, so depth costs no stack.
class Builder final : public Json::json_sax_t {
 public:
  Builder(std::size_t depth, const char* begin, const char* const* position)
      : depth_max_(depth), begin_(begin), position_(position) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(Json::number_integer_t value) override { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) override { return add(value); }
  bool number_float(Json::number_float_t value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    const auto [member, fresh] = open_.back()->get_ref<Json::object_t&>().try_emplace(std::move(name));
    if (!fresh) return fail(ErrorCode::malformed_json, "the member name \"" + member->first + "\" appears twice");
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& fault) override {
    return fail(ErrorCode::malformed_json, plain_reason(fault.what()));
  }

  Result<Json> finish() && {
    if (error_) return std::move(*error_);
    return std::move(root_);
  }

 private:
  /// Puts a value where the text has it and gives its place there, which stays valid until its parent gets another.
  template <class Value>
  Json* place(Value&& value) {
    if (open_.empty()) {
      root_ = std::forward<Value>(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& array = open_.back()->get_ref<Json::array_t&>();
      array.emplace_back(std::forward<Value>(value));
      return &array.back();
    }
    *member_ = std::forward<Value>(value);
    return member_;
  }
  template <class Value>
  bool add(Value&& value) {
    place(std::forward<Value>(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == depth_max_)
      return fail(ErrorCode::json_too_deep, "nesting goes deeper than " + std::to_string(depth_max_) + " levels");
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  bool fail(ErrorCode code, std::string_view reason) {
    std::size_t line = 1, column = 0;
    for (const char* at = begin_; at != *position_; ++at) {
      if (*at == '\n') {
        ++line;
        column = 0;
      } else if ((*at & 0xC0) != 0x80) {  // characters, not bytes
        ++column;
      }
    }
    error_ = Error{code,
                   "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(reason),
                   false,
                   {}};
    return false;
  }

  const std::size_t depth_max_;
  const char* const begin_;
  const char* const* const position_;
  Json root_;
  Json* member_ = nullptr;   ///< the member whose value comes next
  std::vector<Json*> open_;  ///< the objects and arrays around what comes next
  std::optional<Error> error_;
};

}  // namespace

namespace {

namespace dom = simdjson::dom;

/// False where it takes the careful reader to tell what is wrong.
bool build(const dom::element& from, std::size_t depth, Json& to);

bool build_object(const dom::object& from, std::size_t depth, Json& to) {
  if (depth == 0) return false;
  auto& members = (to = Json::object()).get_ref<Json::object_t&>();
  for (const auto& [name, value] : from) {
    const auto [member, fresh] = members.try_emplace(std::string(name));
    if (!fresh || !build(value, depth - 1, member->second)) return false;
  }
  return true;
}

bool build_array(const dom::array& from, std::size_t depth, Json& to) {
  if (depth == 0) return false;
  auto& items = (to = Json::array()).get_ref<Json::array_t&>();
  items.reserve(from.size());
  for (const auto& value : from)
    if (!build(value, depth - 1, items.emplace_back())) return false;
  return true;
}

bool build(const dom::element& from, std::size_t depth, Json& to) {
  switch (from.type()) {
    case dom::element_type::OBJECT: return build_object(from.get_object().value_unsafe(), depth, to);
    case dom::element_type::ARRAY: return build_array(from.get_array().value_unsafe(), depth, to);
    case dom::element_type::STRING: to = std::string(from.get_string().value_unsafe()); return true;
    case dom::element_type::UINT64: to = from.get_uint64().value_unsafe(); return true;
    case dom::element_type::INT64: {
      const std::int64_t number = from.get_int64().value_unsafe();
      if (number < 0)
        to = number;
      else
        to = static_cast<std::uint64_t>(number);
      return true;
    }
    case dom::element_type::DOUBLE: to = from.get_double().value_unsafe(); return true;
    case dom::element_type::BOOL: to = from.get_bool().value_unsafe(); return true;
    case dom::element_type::NULL_VALUE: to = nullptr; return true;
  }
  return false;
}

/// What is right, in less time. simdjson tells neither place nor reason, so what it refuses, numbers beyond 64 bits
/// among it, is left to the careful reader.
std::optional<Json> parse_quickly(std::string_view text, std::size_t depth) {
  constexpr std::size_t kBytesMax = 256 << 10;  // the parser keeps its memory, for each thread
  if (text.empty() || text.size() > kBytesMax) return std::nullopt;
  static thread_local dom::parser parser;
  dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  Json value;
  if (!build(root, depth, value)) return std::nullopt;
  return value;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t depth) {
  if (auto value = parse_quickly(text, depth)) return *std::move(value);
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  Builder builder(depth, text.data(), &position);
  // nlohmann takes a NUL for the end of the text, and would accept whatever stands behind it.
  if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), '\0', text.size())) {
    position = static_cast<const char*>(nul) + 1;
    builder.parse_error(0, {}, Json::parse_error::create(101, std::size_t{0}, " - a NUL character", nullptr));
    return std::move(builder).finish();
  }
  Json::sax_parse(TrackedIterator(text.data(), &position), TrackedIterator(end, &position), &builder);
  return std::move(builder).finish();
}

Json from_document(const Document& document, Json fallback) {
  if (!document.present()) return fallback;
  const std::string_view text = document.view();
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  TROUPE_ASSERT(!value.is_discarded(), "a document of ours is not JSON");
  return value;
}

Json error_to_json(const Error& error) {
  Json value = {{"code", code_text(error.code)}, {"message", error.message}, {"retryable", error.retryable}};
  if (!error.faults.empty()) {
    Json& faults = value["errors"] = Json::array();
    for (const Fault& fault : error.faults) faults.push_back({{"pointer", fault.pointer}, {"message", fault.message}});
  }
  return value;
}

Error error_from_json(const Json& value) {
  const auto text = [](const Json& object, const char* name) -> std::string {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  Error error;
  if (!value.is_object()) return error;
  error.code = code_from_text(text(value, "code")).value_or(ErrorCode::internal);
  error.message = text(value, "message");
  const auto retryable = value.find("retryable");
  error.retryable = retryable != value.end() && retryable->is_boolean() && retryable->get<bool>();
  if (const auto faults = value.find("errors"); faults != value.end() && faults->is_array())
    for (const Json& fault : *faults)
      if (fault.is_object()) error.faults.push_back({text(fault, "pointer"), text(fault, "message")});
  return error;
}

std::string pointer_append(std::string_view pointer, std::string_view token) {
  std::string result(pointer);
  result += '/';
  for (const char c : token) {
    if (c == '~')
      result += "~0";
    else if (c == '/')
      result += "~1";
    else
      result += c;
  }
  return result;
}

}  // namespace troupe
