#include "expr/jq_value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace troupe {
namespace {

jv string_to_jv(std::string_view text) { return jv_string_sized(text.data(), static_cast<int>(text.size())); }

std::string string_from_jv(jv text) {
  return {jv_string_value(text), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(text)))};
}

Json number_from_jv(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::isnan(number)) return nullptr;
  if (std::isinf(number)) return std::copysign(std::numeric_limits<double>::max(), number);
  if (std::trunc(number) == number && std::abs(number) <= kExact) return static_cast<std::int64_t>(number);
  return number;
}

class Reader {
 public:
  Json read(jv value, std::size_t depth) {
    if (error_) return {};
    spend(8);
    switch (jv_get_kind(value)) {
      case JV_KIND_TRUE: return true;
      case JV_KIND_FALSE: return false;
      case JV_KIND_NUMBER: return number_from_jv(jv_number_value(value));
      case JV_KIND_STRING: return read_string(value);
      case JV_KIND_ARRAY: return read_array(value, depth);
      case JV_KIND_OBJECT: return read_object(value, depth);
      case JV_KIND_NULL:
      case JV_KIND_INVALID: return nullptr;
    }
    return nullptr;
  }

  std::optional<Error>& error() { return error_; }

 private:
  Json read_string(jv value) {
    spend(static_cast<std::size_t>(jv_string_length_bytes(jv_copy(value))));
    return error_ ? Json() : Json(string_from_jv(value));
  }

  Json read_array(jv value, std::size_t depth) {
    Json array = Json::array();
    if (!descend(depth)) return array;
    const int length = jv_array_length(jv_copy(value));
    for (int i = 0; i < length && !error_; ++i) {
      const jv item = jv_array_get(jv_copy(value), i);
      array.push_back(read(item, depth + 1));
      jv_free(item);
    }
    return array;
  }

  Json read_object(jv value, std::size_t depth) {
    Json object = Json::object();
    if (!descend(depth)) return object;
    for (int i = jv_object_iter(value); jv_object_iter_valid(value, i) && !error_; i = jv_object_iter_next(value, i)) {
      const jv name = jv_object_iter_key(value, i), member = jv_object_iter_value(value, i);
      std::string text = string_from_jv(name);
      spend(text.size());
      object[std::move(text)] = read(member, depth + 1);
      jv_free(name);
      jv_free(member);
    }
    return object;
  }

  bool descend(std::size_t depth) {
    if (depth == limits::kJsonDepth)
      error_ = Error{ErrorCode::expression_failed,
                     "its value is nested deeper than " + std::to_string(limits::kJsonDepth) + " levels",
                     false,
                     {}};
    return !error_;
  }

  void spend(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > limits::kOutputBytes)
      error_ = Error{ErrorCode::output_too_large,
                     "its value has more than " + std::to_string(limits::kOutputBytes) + " bytes",
                     false,
                     {}};
  }

  std::size_t bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace

jv to_jv(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean: return jv_bool(value.get<bool>() ? 1 : 0);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: return jv_number(value.get<double>());
    case Json::value_t::string: return string_to_jv(value.get_ref<const std::string&>());
    case Json::value_t::array: {
      jv array = jv_array_sized(static_cast<int>(std::max<std::size_t>(value.size(), 1)));
      for (const Json& item : value) array = jv_array_append(array, to_jv(item));
      return array;
    }
    case Json::value_t::object: {
      jv object = jv_object();
      for (const auto& [name, member] : value.items())
        object = jv_object_set(object, string_to_jv(name), to_jv(member));
      return object;
    }
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return jv_null();
}

Result<Json> from_jv(jv value) {
  Reader reader;
  Json result = reader.read(value, 0);
  if (reader.error()) return std::move(*reader.error());
  return result;
}

}  // namespace troupe
