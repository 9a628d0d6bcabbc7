#include "troupe/domain/kill_switch.hpp"

#include <algorithm>

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

constexpr std::array<std::string_view, kSwitchScopes.size()> kScopeTexts = {"global", "workflow", "client", "pool",
                                                                            "node"};
constexpr std::array<std::string_view, kSwitchModes.size()> kModeTexts = {"drain", "pause", "kill"};

constexpr std::string_view kScopeExpected = "must be global, workflow, client, pool or node";
constexpr std::string_view kModeExpected = "must be pause, drain or kill";

template <class Value, std::size_t kCount>
std::optional<Value> value_of(const std::array<std::string_view, kCount>& texts, std::string_view text) {
  const auto found = std::find(texts.begin(), texts.end(), text);
  if (found == texts.end()) return std::nullopt;
  return static_cast<Value>(found - texts.begin());
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::optional<std::string> fault_of_target(const KillSwitchDraft& draft, SwitchScope scope) {
  if (scope == SwitchScope::global) {
    if (draft.target) return "must be absent: the scope global has no target";
    return std::nullopt;
  }
  if (!draft.target) return "is required: which " + std::string(scope_text(scope)) + " is meant";
  if (draft.target->empty()) return "must not be empty";
  if (draft.target->size() > kSwitchTargetBytes)
    return "must have at most " + std::to_string(kSwitchTargetBytes) + " bytes";
  if (has_control_character(*draft.target)) return "must not hold control characters";
  return std::nullopt;
}

std::optional<std::string> fault_of_reason(const KillSwitchDraft& draft) {
  if (!draft.reason) return "is required: those who are refused are told it";
  if (is_blank(*draft.reason)) return "must not be empty";
  if (draft.reason->size() > kSwitchReasonBytes)
    return "must have at most " + std::to_string(kSwitchReasonBytes) + " bytes";
  return std::nullopt;
}

std::string_view target_in(const SwitchedWork& work, SwitchScope scope) {
  switch (scope) {
    case SwitchScope::global: return {};
    case SwitchScope::workflow: return work.workflow;
    case SwitchScope::client: return work.client;
    case SwitchScope::pool: return work.pool;
    case SwitchScope::node: return work.node;
  }
  return {};
}

}  // namespace

std::string_view scope_text(SwitchScope scope) { return kScopeTexts.at(static_cast<std::size_t>(scope)); }
std::string_view mode_text(SwitchMode mode) { return kModeTexts.at(static_cast<std::size_t>(mode)); }
std::optional<SwitchScope> scope_from_text(std::string_view text) { return value_of<SwitchScope>(kScopeTexts, text); }
std::optional<SwitchMode> mode_from_text(std::string_view text) { return value_of<SwitchMode>(kModeTexts, text); }

std::string describe_scope(const KillSwitch& kill_switch) {
  std::string text(scope_text(kill_switch.scope));
  if (!kill_switch.target.empty()) text += " " + kill_switch.target;
  return text;
}

Error engaged_error(const KillSwitch& kill_switch) {
  return {ErrorCode::kill_switch_engaged,
          "the kill switch " + to_string(kill_switch.id) + " (" + describe_scope(kill_switch) + ", " +
              std::string(mode_text(kill_switch.mode)) + ") is engaged: " + kill_switch.reason,
          false,
          {}};
}

std::vector<Fault> faults_of(const KillSwitchDraft& draft) {
  std::vector<Fault> faults;
  const auto scope = draft.scope ? scope_from_text(*draft.scope) : std::nullopt;
  if (!draft.scope)
    faults.push_back({"/scope", "is required; it " + std::string(kScopeExpected)});
  else if (!scope)
    faults.push_back({"/scope", std::string(kScopeExpected)});
  if (scope)
    if (auto fault = fault_of_target(draft, *scope)) faults.push_back({"/target", *std::move(fault)});
  if (!draft.mode)
    faults.push_back({"/mode", "is required; it " + std::string(kModeExpected)});
  else if (!mode_from_text(*draft.mode))
    faults.push_back({"/mode", std::string(kModeExpected)});
  if (auto fault = fault_of_reason(draft)) faults.push_back({"/reason", *std::move(fault)});
  return faults;
}

Result<KillSwitch> resolve(const KillSwitchDraft& draft) {
  if (auto faults = faults_of(draft); !faults.empty()) {
    std::string first = faults.front().pointer + " " + faults.front().message;
    return Error{ErrorCode::validation_failed, std::move(first), false, std::move(faults)};
  }
  KillSwitch kill_switch;
  kill_switch.scope = *scope_from_text(*draft.scope);
  kill_switch.target = draft.target.value_or("");
  kill_switch.mode = *mode_from_text(*draft.mode);
  kill_switch.reason = *draft.reason;
  return kill_switch;
}

bool covers(const KillSwitch& kill_switch, const SwitchedWork& work) {
  if (kill_switch.scope == SwitchScope::global) return true;
  return !kill_switch.target.empty() && kill_switch.target == target_in(work, kill_switch.scope);
}

void KillSwitchSet::add(KillSwitchPtr kill_switch) {
  TROUPE_ASSERT(!by_id_.contains(kill_switch->id), "a switch is engaged once");
  by_scope_[static_cast<std::size_t>(kill_switch->scope)][kill_switch->target][kill_switch->id] = kill_switch;
  by_id_[kill_switch->id] = std::move(kill_switch);
}

void KillSwitchSet::remove(const KillSwitchId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  ByTarget& targets = by_scope_[static_cast<std::size_t>(found->second->scope)];
  const auto target = targets.find(found->second->target);
  target->second.erase(id);
  if (target->second.empty()) targets.erase(target);
  by_id_.erase(found);
}

KillSwitchPtr KillSwitchSet::governing(const SwitchedWork& work) const {
  KillSwitchPtr best;
  for (SwitchScope scope : kSwitchScopes) consider(scope, target_in(work, scope), best);
  return best;
}

void KillSwitchSet::consider(SwitchScope scope, std::string_view target, KillSwitchPtr& best) const {
  const ByTarget& targets = by_scope_[static_cast<std::size_t>(scope)];
  const auto found = targets.find(target);
  if (found == targets.end()) return;
  for (const auto& [id, engaged] : found->second)
    if (!best || engaged->mode > best->mode) best = engaged;
}

}  // namespace troupe
