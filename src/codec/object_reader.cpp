#include "codec/object_reader.hpp"

#include <algorithm>
#include <cmath>

#include "codec/suggestion.hpp"
#include "codec/template.hpp"

namespace troupe {
namespace {

const Json kEmpty = Json::object();

std::string bounds(std::string_view what, const Json& least, const Json& most) {
  return "must be " + std::string(what) + " from " + to_text(least) + " to " + to_text(most);
}

}  // namespace

bool holds_expressions(const Json& value) {
  if (value.is_string()) return may_hold_expressions(value.get_ref<const std::string&>());
  return value.is_structured() && std::any_of(value.begin(), value.end(), holds_expressions);
}

std::optional<Millis> duration_from_json(const Json& value) {
  if (value.is_string()) return parse_duration(value.get_ref<const std::string&>());
  // The text of a huge number has an exponent, which parse_duration refuses, as it does a negative one.
  return value.is_number() ? parse_duration(to_text(value)) : std::nullopt;
}

ObjectReader::ObjectReader(const Json& value, std::string pointer, std::vector<Fault>& faults)
    : object_(value.is_object() ? &value : &kEmpty), pointer_(std::move(pointer)), faults_(faults) {
  if (!value.is_object()) faults_.push_back({pointer_, "must be an object"});
}

const Json* ObjectReader::any(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.push_back(name);
  const auto member = object_->find(name);
  return member == object_->end() ? nullptr : &*member;
}

const Json* ObjectReader::find(std::string_view name) {
  const Json* value = any(name);
  return value != nullptr && skips_expressions_ && holds_expressions(*value) ? nullptr : value;
}

std::optional<std::string> ObjectReader::text(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  fault(name, value->is_primitive() && !value->is_null() ? "must be text: put it in quotes" : "must be text");
  return std::nullopt;
}

std::optional<bool> ObjectReader::flag(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  fault(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer() && *value >= least && *value <= most) return value->get<std::int64_t>();
  fault(name, bounds("an integer", least, most));
  return std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view name, double least, double most) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number() && *value >= least && *value <= most) return value->get<double>();
  fault(name, "must be a number from " + canonical_json(Json(least)) + " to " + canonical_json(Json(most)));
  return std::nullopt;
}

std::optional<Millis> ObjectReader::duration(std::string_view name, bool zero_allowed) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto duration = duration_from_json(*value);
  if (!duration)
    fault(name, std::string(kDurationExpected));
  else if (*duration == Millis(0) && !zero_allowed)
    fault(name, "must be longer than nothing");
  else
    return duration;
  return std::nullopt;
}

std::optional<std::size_t> ObjectReader::choice(std::string_view name, const std::vector<std::string_view>& choices) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::string expected = "must be ";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (value->is_string() && value->get_ref<const std::string&>() == choices[i]) return i;
    expected += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + std::string(choices[i]);
  }
  fault(name, expected + (value->is_string() ? did_you_mean(value->get_ref<const std::string&>(), choices) : ""));
  return std::nullopt;
}

const Json* ObjectReader::object(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr || value->is_object()) return value;
  fault(name, "must be an object");
  return nullptr;
}

void ObjectReader::require(std::string_view name) {
  if (any(name) == nullptr) fault(name, "is required");
}

void ObjectReader::fault(std::string_view name, std::string message) {
  faults_.push_back({pointer(name), std::move(message)});
}

void ObjectReader::refuse_others(std::string_view what) {
  for (const auto& [name, unused] : object_->items())
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      fault(name, std::string(what) + " has no field \"" + name + "\"" + did_you_mean(name, known_));
}

}  // namespace troupe
