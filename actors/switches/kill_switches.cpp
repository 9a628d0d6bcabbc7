#include "actors/switches/kill_switches.hpp"

#include <mutex>

#include "codec/kill_switch_codec.hpp"

namespace troupe {

Result<Done> KillSwitches::load(StoreReader& reader) {
  const auto rows = reader.settings(kKillSwitchKind);
  if (!rows) return rows.error();
  const std::unique_lock lock(mutex_);
  for (const SettingRow& row : *rows) {
    auto kill_switch = kill_switch_from_document(row.id, row.document);
    if (!kill_switch) return kill_switch.error();
    const KillSwitchId id = kill_switch->id;
    put(id, {std::make_shared<const KillSwitch>(*std::move(kill_switch)), /*is_durable=*/true, false});
  }
  tell_metrics();
  return Done{};
}

KillSwitchPtr KillSwitches::governing(const SwitchedWork& work) const {
  if (!is_any_.load(std::memory_order_acquire)) return nullptr;
  const std::shared_lock lock(mutex_);
  return in_force_.governing(work);
}

KillSwitchPtr KillSwitches::refusing(std::string_view workflow, std::string_view client, std::string_view node,
                                     bool is_of_a_step) const {
  const SwitchedWork work{workflow, client, "", node};
  return is_of_a_step ? holding(work) : governing(work);
}

KillSwitchPtr KillSwitches::holding(const SwitchedWork& work) const {
  KillSwitchPtr found = governing(work);
  return found && found->mode != SwitchMode::drain ? found : nullptr;
}

KillSwitchPtr KillSwitches::killing(std::string_view workflow, std::string_view client) const {
  KillSwitchPtr found = governing({workflow, client, "", ""});
  return found && found->mode == SwitchMode::kill ? found : nullptr;
}

std::vector<KillSwitch> KillSwitches::list() const {
  const std::shared_lock lock(mutex_);
  std::vector<KillSwitch> all;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry)
    if (entry->second.is_durable) all.push_back(*entry->second.asked);
  return all;
}

KillSwitchPtr KillSwitches::find(const KillSwitchId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() || !found->second.is_durable ? nullptr : found->second.asked;
}

Result<Done> KillSwitches::begin(const KillSwitch& kill_switch) {
  const std::unique_lock lock(mutex_);
  for (const auto& [id, entry] : entries_) {
    const KillSwitch& other = *entry.asked;
    if (other.scope != kill_switch.scope || other.target != kill_switch.target || other.mode != kill_switch.mode)
      continue;
    return {ErrorCode::conflict, "the kill switch " + to_string(id) + " (" + describe_scope(other) + ", " +
                                     std::string(mode_text(other.mode)) + ") is engaged already"};
  }
  if (entries_.size() >= limits::kKillSwitches)
    return {ErrorCode::conflict,
            "as many kill switches as may be are engaged: " + std::to_string(limits::kKillSwitches) + "; release some"};
  put(kill_switch.id, {std::make_shared<const KillSwitch>(kill_switch), false, false});
  return Done{};
}

void KillSwitches::committed(const KillSwitchId& id) {
  const std::unique_lock lock(mutex_);
  Entry entry = entries_.at(id);
  entry.is_durable = true;
  put(id, entry);
  tell_metrics();
}

void KillSwitches::take_back(const KillSwitchId& id) { drop(id); }

Result<KillSwitchPtr> KillSwitches::begin_release(const KillSwitchId& id) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.is_durable)
    return {ErrorCode::not_found, "there is no kill switch " + to_string(id)};
  if (found->second.is_being_released)
    return {ErrorCode::conflict, "the kill switch " + to_string(id) + " is being released already", true};
  found->second.is_being_released = true;
  return found->second.asked;
}

void KillSwitches::released(const KillSwitchId& id) { drop(id); }

void KillSwitches::keep(const KillSwitchId& id) {
  const std::unique_lock lock(mutex_);
  entries_.at(id).is_being_released = false;
}

void KillSwitches::put(const KillSwitchId& id, const Entry& entry) {
  in_force_.remove(id);
  KillSwitchPtr now = entry.asked;
  if (!entry.is_durable && now->mode == SwitchMode::kill) {
    auto only_holds = std::make_shared<KillSwitch>(*now);
    only_holds->mode = SwitchMode::pause;
    now = std::move(only_holds);
  }
  in_force_.add(std::move(now));
  entries_[id] = entry;
  is_any_.store(true, std::memory_order_release);
}

void KillSwitches::drop(const KillSwitchId& id) {
  const std::unique_lock lock(mutex_);
  in_force_.remove(id);
  entries_.erase(id);
  is_any_.store(!entries_.empty(), std::memory_order_release);
  tell_metrics();
}

void KillSwitches::tell_metrics() const {
  for (SwitchScope scope : kSwitchScopes)
    for (SwitchMode mode : kSwitchModes) {
      std::size_t engaged = 0;
      for (const auto& [id, entry] : entries_)
        engaged += entry.is_durable && entry.asked->scope == scope && entry.asked->mode == mode ? 1 : 0;
      metrics_.kill_switches(scope_text(scope), mode_text(mode), engaged);
    }
}

}  // namespace troupe
