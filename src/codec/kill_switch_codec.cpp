#include "codec/kill_switch_codec.hpp"

namespace troupe {
namespace {

/// What a client may ask for, and nothing else, was stored.
std::optional<std::string> text_of(const Json& value, const char* member) {
  const auto found = value.find(member);
  if (found == value.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Error corrupt(std::string_view id, const std::string& why) {
  return {ErrorCode::store_corrupt, "kill switch " + std::string(id) + ": " + why, false, {}};
}

Json described(const KillSwitch& kill_switch) {
  Json value = {
      {"scope", scope_text(kill_switch.scope)}, {"mode", mode_text(kill_switch.mode)}, {"reason", kill_switch.reason}};
  if (!kill_switch.target.empty()) value["target"] = kill_switch.target;
  return value;
}

}  // namespace

Document kill_switch_to_document(const KillSwitch& kill_switch) {
  Json value = described(kill_switch);
  value["engaged_by"] = kill_switch.engaged_by;
  value["engaged_at"] = format_rfc3339(kill_switch.engaged_at);
  return to_document(value);
}

Result<KillSwitch> kill_switch_from_document(std::string_view id, const Document& document) {
  const auto parsed_id = parse_id<KillSwitchId>(id);
  if (!parsed_id) return corrupt(id, "its id is no UUID");
  const auto value = parse_json(document.view());
  if (!value) return corrupt(id, value.error().message);
  if (!value->is_object()) return corrupt(id, "it is no JSON object");
  auto kill_switch = resolve(
      {text_of(*value, "scope"), text_of(*value, "target"), text_of(*value, "mode"), text_of(*value, "reason")});
  if (!kill_switch) return corrupt(id, kill_switch.error().message);
  const auto at = parse_rfc3339(text_of(*value, "engaged_at").value_or(""));
  if (!at) return corrupt(id, "/engaged_at is no time");
  kill_switch->id = *parsed_id;
  kill_switch->engaged_by = text_of(*value, "engaged_by").value_or("");
  kill_switch->engaged_at = *at;
  return kill_switch;
}

Json kill_switch_details(const KillSwitch& kill_switch) {
  Json details = described(kill_switch);
  details["kill_switch"] = to_string(kill_switch.id);
  return details;
}

}  // namespace troupe
