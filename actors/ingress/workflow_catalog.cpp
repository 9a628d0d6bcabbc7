#include "actors/ingress/workflow_catalog.hpp"

#include <algorithm>
#include <mutex>

#include "codec/object_reader.hpp"
#include "codec/workflow_codec.hpp"
#include "crypto/hash.hpp"

namespace troupe {

namespace {

/// Of steps whose config holds no expressions.
KnownDelays known_delays(const WorkflowDefinition& workflow) {
  KnownDelays delays;
  for (StepIndex i = 0; i < workflow.steps.size(); ++i) {
    if (workflow.steps[i].type != StepType::delay) continue;
    const Json config = from_document(workflow.steps[i].config);
    KnownDelay known;
    if (const auto duration = config.find("duration"); duration != config.end())
      known.duration = duration_from_json(*duration);
    if (const auto until = config.find("until"); until != config.end() && until->is_string())
      known.until = parse_rfc3339(until->get_ref<const std::string&>());
    if (known.duration || known.until) delays.emplace(i, known);
  }
  return delays;
}

std::size_t weight(const CatalogEntry& entry) { return kSmallVersionBytes + entry.row.definition.size(); }

std::string first_reason(const Error& error) {
  if (error.faults.empty()) return error.message;
  return error.faults[0].pointer + " " + error.faults[0].message;
}

}  // namespace

Result<CatalogEntryPtr> WorkflowCatalog::compile(WorkflowRow row) const {
  auto entry = std::make_shared<CatalogEntry>();
  // Expressions were checked when it was applied.
  auto parsed = parse_workflow(row.definition, [&](std::string_view expression) {
    if (!is_quick_(expression)) entry->is_quick = false;
    return std::nullopt;
  });
  const auto unusable = [&](const std::string& why) {
    return Error{ErrorCode::store_corrupt,
                 "workflow " + row.key + " version " + std::to_string(row.version) + ": " + why,
                 false,
                 {}};
  };
  if (!parsed) return unusable(first_reason(parsed.error()));
  if (const Digest found = sha256(parsed->canonical); found != row.digest)
    return unusable("its definition was changed in the database: it has the SHA-256 " + to_hex(found) +
                    ", and was applied with " + to_hex(row.digest));
  parsed->definition.version = row.version;
  if (parsed->definition.inputs_schema.present()) {
    auto schema = JsonSchema::compile(from_document(parsed->definition.inputs_schema));
    if (!schema) return unusable(first_reason(schema.error()));
    entry->inputs = *schema;
  }
  entry->delays = known_delays(parsed->definition);
  entry->workflow = std::move(parsed->definition);
  entry->row = std::move(row);
  return CatalogEntryPtr(entry);
}

Result<Done> WorkflowCatalog::load_all() {
  std::optional<std::string> after;
  for (;;) {
    auto page = reader_.workflows(after, limits::kPageMax);
    if (!page) return page.error();
    for (WorkflowSummary& summary : *page) {
      after = summary.newest.key;
      const std::uint32_t version = summary.newest.version;
      if (auto entry = compile(std::move(summary.newest)))
        add(*std::move(entry));
      else
        note_unusable(*after, version, std::move(entry).error());
      set_disabled(*after, summary.disabled);
    }
    if (page->size() < static_cast<std::size_t>(limits::kPageMax)) return Done{};
  }
}

void WorkflowCatalog::note_unusable(const std::string& key, std::uint32_t version, Error fault) {
  const std::unique_lock lock(mutex_);
  Versions& versions = workflows_[key];
  versions.newest = version;
  versions.fault = std::make_shared<const Error>(std::move(fault));
}

std::vector<WorkflowCatalog::Unusable> WorkflowCatalog::unusable() const {
  const std::shared_lock lock(mutex_);
  std::vector<Unusable> all;
  for (const auto& [key, versions] : workflows_)
    if (versions.fault) all.push_back({key, versions.newest, versions.fault});
  return all;
}

CatalogEntryPtr WorkflowCatalog::newest_usable(const std::string& key) const {
  const std::shared_lock lock(mutex_);
  const auto versions = workflows_.find(key);
  if (versions == workflows_.end()) return nullptr;
  if (versions->second.newest_entry) return versions->second.newest_entry;
  for (auto old = versions->second.old.rbegin(); old != versions->second.old.rend(); ++old)
    if (auto entry = old->second.lock()) return entry;
  return nullptr;
}

Millis WorkflowCatalog::shortest_retention() const {
  const std::shared_lock lock(mutex_);
  Millis shortest = Millis::max();
  for (const auto& [key, versions] : workflows_) shortest = std::min(shortest, versions.shortest_retention);
  return shortest == Millis::max() ? kRetentionDefault : shortest;
}

WorkflowCatalog::Found WorkflowCatalog::find(const std::string& key, std::uint32_t version) const {
  const std::shared_lock lock(mutex_);
  const auto versions = workflows_.find(key);
  if (versions == workflows_.end()) return {};
  Found found{nullptr, versions->second.disabled, versions->second.newest};
  if (version == 0 || version == found.newest) {
    found.entry = versions->second.newest_entry;
    if (!found.entry) found.fault = versions->second.fault;
  } else if (const auto old = versions->second.old.find(version); old != versions->second.old.end()) {
    found.entry = old->second.lock();
    if (found.entry) found.entry->asked.store(additions_, std::memory_order_relaxed);
  }
  return found;
}

Result<WorkflowCatalog::Found> WorkflowCatalog::load(const std::string& key, std::uint32_t version) {
  Found found = find(key, version);
  if (found.entry) return found;
  const auto unknown = [&] {
    const std::string which = version == 0 ? "" : " version " + std::to_string(version);
    return Error{ErrorCode::unknown_workflow, "there is no workflow " + key + which, false, {}};
  };
  if (found.fault) return *found.fault;
  if (found.newest == 0 || version > found.newest) return unknown();
  auto stored = reader_.workflow(key, version);
  if (!stored) return stored.error();
  if (!*stored) return unknown();
  auto entry = compile(std::move((*stored)->newest));
  if (!entry) return entry.error();
  found.entry = add(*std::move(entry));
  return found;
}

CatalogEntryPtr WorkflowCatalog::add(CatalogEntryPtr entry) {
  Dropped dropped;
  const std::unique_lock lock(mutex_);
  ++additions_;
  Versions& versions = workflows_[entry->row.key];
  versions.shortest_retention = std::min(versions.shortest_retention, entry->workflow.retention);
  if (entry->row.version < versions.newest) return keep_old(versions, std::move(entry), dropped);
  if (entry->row.version == versions.newest && versions.newest_entry) return versions.newest_entry;
  if (versions.newest_entry) keep_old(versions, std::move(versions.newest_entry), dropped);
  versions.newest = entry->row.version;
  versions.fault = nullptr;
  versions.newest_entry = std::move(entry);
  return versions.newest_entry;
}

CatalogEntryPtr WorkflowCatalog::keep_old(Versions& versions, CatalogEntryPtr entry, Dropped& dropped) {
  std::weak_ptr<const CatalogEntry>& noted = versions.old[entry->row.version];
  if (auto there = noted.lock()) return there;  // another thread was faster
  noted = entry;
  entry->asked.store(additions_, std::memory_order_relaxed);
  kept_.push_back(entry);
  kept_bytes_ += weight(*entry);
  while (kept_bytes_ > old_version_bytes_) {
    const auto oldest = std::min_element(kept_.begin(), kept_.end(), [](const auto& one, const auto& other) {
      return one->asked.load(std::memory_order_relaxed) < other->asked.load(std::memory_order_relaxed);
    });
    kept_bytes_ -= weight(**oldest);
    dropped.push_back(std::move(*oldest));
    *oldest = std::move(kept_.back());
    kept_.pop_back();
  }
  if (++notes_ > notes_max_) forget_what_nobody_holds();
  return entry;
}

/// Rarely: with every so many additions, all at once.
void WorkflowCatalog::forget_what_nobody_holds() {
  notes_ = 0;
  for (auto& [key, versions] : workflows_) {
    std::erase_if(versions.old, [](const auto& old) { return old.second.expired(); });
    notes_ += versions.old.size();
  }
  notes_max_ = std::max(kNotesMin, 2 * notes_);
}

void WorkflowCatalog::set_disabled(const std::string& key, bool disabled) {
  const std::unique_lock lock(mutex_);
  workflows_[key].disabled = disabled;
}

}  // namespace troupe
