#include "actors/ingress/workflow_catalog.hpp"

#include <mutex>

#include "codec/object_reader.hpp"
#include "codec/workflow_codec.hpp"

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

}  // namespace

Result<CatalogEntryPtr> WorkflowCatalog::compile(WorkflowRow row) const {
  auto entry = std::make_shared<CatalogEntry>();
  // Expressions were checked when it was applied.
  auto parsed = parse_workflow(row.definition, [&](std::string_view expression) {
    if (!is_quick_(expression)) entry->is_quick = false;
    return std::nullopt;
  });
  if (!parsed) {
    const std::string why = parsed.error().faults.empty() ? parsed.error().message : parsed.error().faults[0].message;
    return {ErrorCode::store_corrupt, "workflow " + row.key + " version " + std::to_string(row.version) + ": " + why};
  }
  parsed->definition.version = row.version;
  if (parsed->definition.inputs_schema.present()) {
    auto schema = JsonSchema::compile(from_document(parsed->definition.inputs_schema));
    if (!schema) return schema.error();
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
      auto entry = compile(std::move(summary.newest));
      if (!entry) return entry.error();
      add(*entry);
      set_disabled(*after, summary.disabled);
    }
    if (page->size() < static_cast<std::size_t>(limits::kPageMax)) return Done{};
  }
}

Millis WorkflowCatalog::shortest_retention() const {
  const std::shared_lock lock(mutex_);
  Millis shortest = workflows_.empty() ? kRetentionDefault : Millis::max();
  for (const auto& [key, versions] : workflows_)
    for (const auto& [number, entry] : versions.by_number) shortest = std::min(shortest, entry->workflow->retention);
  return shortest;
}

WorkflowCatalog::Found WorkflowCatalog::find(const std::string& key, std::uint32_t version) const {
  const std::shared_lock lock(mutex_);
  const auto versions = workflows_.find(key);
  if (versions == workflows_.end()) return {};
  Found found{nullptr, versions->second.disabled, versions->second.newest};
  const auto entry = versions->second.by_number.find(version == 0 ? versions->second.newest : version);
  if (entry != versions->second.by_number.end()) found.entry = entry->second;
  return found;
}

Result<WorkflowCatalog::Found> WorkflowCatalog::load(const std::string& key, std::uint32_t version) {
  Found found = find(key, version);
  if (found.entry) return found;
  const auto unknown = [&] {
    const std::string which = version == 0 ? "" : " version " + std::to_string(version);
    return Error{ErrorCode::unknown_workflow, "there is no workflow " + key + which, false, {}};
  };
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
  versions.newest = std::max(versions.newest, entry->row.version);
  versions.by_number[entry->row.version] = std::move(entry);
}

void WorkflowCatalog::set_disabled(const std::string& key, bool disabled) {
  const std::unique_lock lock(mutex_);
  workflows_[key].disabled = disabled;
}

}  // namespace troupe
