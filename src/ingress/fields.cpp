#include "ingress/fields.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::ingress {
namespace {

/// Of unknown members so many are told, and so much of their names.
constexpr std::size_t kUnknownTold = 20, kNameTold = 100;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// 5 and 5.0 are the same number to JSON.
std::optional<std::uint64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_number_float()) return {};
  const double number = value.get<double>();
  if (number < 0 || number > 9e15 || number != std::floor(number)) return {};
  return static_cast<std::uint64_t>(number);
}

}  // namespace

Fields::Fields(const Json& object) : object_(object) {
  if (object.is_object()) return;
  faults_.push_back({"", "must be a JSON object"});
  code_ = ErrorCode::validation_failed;
}

const Json* Fields::find(std::string_view member) {
  if (std::find(known_.begin(), known_.end(), member) == known_.end()) known_.emplace_back(member);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(member);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::fault(std::string_view member, std::string message, ErrorCode code) {
  fault_at(pointer_append("", member), std::move(message), code);
}

void Fields::fault_at(std::string pointer, std::string message, ErrorCode code) {
  faults_.push_back({std::move(pointer), std::move(message)});
  code_ = !code_ || *code_ == code ? code : ErrorCode::validation_failed;
}

void Fields::require(std::string_view member) {
  if (object_.is_object() && !find(member)) fault(member, "is required");
}

std::optional<std::string> Fields::text(std::string_view member, std::size_t max) {
  const Json* value = find(member);
  if (!value) return {};
  if (!value->is_string()) {
    fault(member, "must be a string");
    return {};
  }
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() <= max) return text;
  fault(member, "must have at most " + std::to_string(max) + " bytes; it has " + std::to_string(text.size()));
  return {};
}

std::optional<std::string> Fields::name(std::string_view member, std::size_t max) {
  auto value = text(member, max);
  if (!value) return {};
  if (!value->empty() && !has_control_character(*value)) return value;
  fault(member, value->empty() ? "must not be empty" : "must not hold control characters");
  return {};
}

std::optional<std::uint64_t> Fields::integer(std::string_view member, std::uint64_t low, std::uint64_t high) {
  const Json* value = find(member);
  if (!value) return {};
  const auto number = whole_number(*value);
  if (number && *number >= low && *number <= high) return number;
  fault(member, "must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
  return {};
}

std::optional<double> Fields::positive(std::string_view member) {
  const Json* value = find(member);
  if (!value) return {};
  if (value->is_number() && value->get<double>() > 0) return value->get<double>();
  fault(member, "must be a number above 0");
  return {};
}

std::optional<bool> Fields::flag(std::string_view member) {
  const Json* value = find(member);
  if (!value) return {};
  if (value->is_boolean()) return value->get<bool>();
  fault(member, "must be true or false");
  return {};
}

const Json* Fields::object(std::string_view member) {
  const Json* value = find(member);
  if (!value || value->is_object()) return value;
  fault(member, "must be a JSON object");
  return nullptr;
}

void Fields::reject_others() {
  if (!object_.is_object()) return;
  std::string list;
  for (const auto& word : known_) list += (list.empty() ? "" : ", ") + word;
  std::size_t unknown = 0;
  for (const auto& [name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    if (++unknown > kUnknownTold) return;
    fault(name.size() > kNameTold ? name.substr(0, kNameTold) + "…" : name, "is not a known field; known are " + list);
  }
}

std::optional<Error> Fields::error() const {
  if (faults_.empty()) return {};
  const auto& first = faults_.front();
  std::string message = (first.pointer.empty() ? "The body" : first.pointer) + " " + first.message;
  if (faults_.size() > 1) message += " (and " + std::to_string(faults_.size() - 1) + " more, see errors)";
  return Error{*code_, message + ".", false, faults_};
}

}  // namespace troupe::ingress
