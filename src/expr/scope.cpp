#include "expr/scope.hpp"

#include "expr/jq_value.hpp"

namespace troupe {
namespace {

jv name_to_jv(const std::string& name) { return jv_string_sized(name.data(), static_cast<int>(name.size())); }

/// Takes the member out of an object, so that changing it does not copy it.
jv take_member(jv& object, const std::string& name) {
  const jv member = jv_object_get(jv_copy(object), name_to_jv(name));
  object = jv_object_set(object, name_to_jv(name), jv_null());
  return member;
}

}  // namespace

Scope::~Scope() {
  if (jq_) jv_free(*jq_);
}

void Scope::set(const std::string& name, Json value) {
  if (jq_) jq_ = jv_object_set(*jq_, name_to_jv(name), to_jv(value));
  json_[name] = std::move(value);
}

void Scope::set_step(const std::string& name, std::optional<std::size_t> item, const Json& outputs) {
  Json& place = json_["steps"][name];
  if (item && !place.is_array()) place = Json::array();
  if (item && place.size() <= *item) place.get_ref<Json::array_t&>().resize(*item + 1);
  (item ? place[*item] : place) = outputs;
  if (!jq_) return;
  jv steps = take_member(*jq_, "steps");
  jv value = to_jv(outputs);
  if (item) {
    jv list = take_member(steps, name);
    if (jv_get_kind(list) != JV_KIND_ARRAY) {
      jv_free(list);
      list = jv_array();
    }
    value = jv_array_set(list, static_cast<int>(*item), value);
  }
  steps = jv_object_set(steps, name_to_jv(name), value);
  jq_ = jv_object_set(*jq_, name_to_jv("steps"), steps);
}

jv Scope::value() const {
  if (!jq_) jq_ = to_jv(json_);
  return jv_copy(*jq_);
}

}  // namespace troupe
