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
  entry->workflow = std::make_shared<const WorkflowDefinition>(std::move(parsed->definition));
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
  if (versions == workflows_.end() || versions->second.by_number.empty()) return nullptr;
  return versions->second.by_number.rbegin()->second;
}

Millis WorkflowCatalog::shortest_retention() const {
  const std::shared_lock lock(mutex_);
  std::optional<Millis> shortest;
  for (const auto& [key, versions] : workflows_)
    for (const auto& [number, entry] : versions.by_number)
      shortest = std::min(shortest.value_or(Millis::max()), entry->workflow->retention);
  return shortest.value_or(kRetentionDefault);
}

WorkflowCatalog::Found WorkflowCatalog::find(const std::string& key, std::uint32_t version) const {
  const std::shared_lock lock(mutex_);
  const auto versions = workflows_.find(key);
  if (versions == workflows_.end()) return {};
  Found found{nullptr, versions->second.disabled, versions->second.newest};
  const auto entry = versions->second.by_number.find(version == 0 ? versions->second.newest : version);
  if (entry != versions->second.by_number.end())
    found.entry = entry->second;
  else if (version == 0 || version == found.newest)
    found.fault = versions->second.fault;
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
  add(*entry);
  found.entry = *entry;
  return found;
}

void WorkflowCatalog::add(CatalogEntryPtr entry) {
  const std::unique_lock lock(mutex_);
  Versions& versions = workflows_[entry->row.key];
  if (entry->row.version >= versions.newest) versions.fault = nullptr;
  versions.newest = std::max(versions.newest, entry->row.version);
  versions.by_number[entry->row.version] = std::move(entry);
}

void WorkflowCatalog::set_disabled(const std::string& key, bool disabled) {
  const std::unique_lock lock(mutex_);
  workflows_[key].disabled = disabled;
}

}  // namespace troupe
