// Compiled workflow definitions, cached for ever: a version never changes. Read by the gateway on every job, and when
// runs are loaded. Not an actor, because it is read from many threads and changes rarely.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/forecast/forecast.hpp"
#include "codec/schema.hpp"
#include "troupe/base/result.hpp"
#include "troupe/domain/workflow.hpp"
#include "troupe/port/store.hpp"

namespace troupe {

struct CatalogEntry {
  WorkflowPtr workflow;
  std::shared_ptr<const JsonSchema> inputs;  ///< null: any object
  WorkflowRow row;
  KnownDelays delays;
  bool is_quick = true;  ///< every expression is: deciding for a run of it never takes long
};
using CatalogEntryPtr = std::shared_ptr<const CatalogEntry>;

class WorkflowCatalog {
 public:
  using IsQuick = std::function<bool(std::string_view expression)>;
  WorkflowCatalog(StoreReader& reader, IsQuick is_quick) : reader_(reader), is_quick_(std::move(is_quick)) {}

  /// Reads the newest version of every workflow. One that cannot be compiled is left out: see unusable(). Blocks.
  Result<Done> load_all();

  struct Found {
    CatalogEntryPtr entry;  ///< null: not in the cache
    bool disabled = false;
    std::uint32_t newest = 0;            ///< 0: there is no such workflow
    std::shared_ptr<const Error> fault;  ///< set: the version asked for is there, and cannot be compiled
  };
  /// Version 0 is the newest. Does not block; knows every key, but perhaps not every old version.
  Found find(const std::string& key, std::uint32_t version) const;
  /// As find, but reads an old version from the store. Fails with unknown_workflow. Blocks.
  Result<Found> load(const std::string& key, std::uint32_t version);
  /// The newest version that can be used, of those in the cache; null if none can.
  CatalogEntryPtr newest_usable(const std::string& key) const;

  /// A newest version that cannot be compiled. Until another is applied, nothing new begins from it.
  struct Unusable {
    std::string key;
    std::uint32_t version = 0;
    std::shared_ptr<const Error> fault;
  };
  std::vector<Unusable> unusable() const;

  /// The shortest retention of all workflows that are known here; the default's where there are none.
  Millis shortest_retention() const;

  /// What was committed.
  void add(CatalogEntryPtr entry);
  void set_disabled(const std::string& key, bool disabled);

  /// A stored row, compiled. Fails with store_corrupt: what was stored had been valid, and is what its digest says.
  Result<CatalogEntryPtr> compile(WorkflowRow row) const;

 private:
  struct Versions {
    std::map<std::uint32_t, CatalogEntryPtr> by_number;
    std::uint32_t newest = 0;
    bool disabled = false;
    std::shared_ptr<const Error> fault;  ///< of the newest
  };

  void note_unusable(const std::string& key, std::uint32_t version, Error fault);

  StoreReader& reader_;
  const IsQuick is_quick_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Versions> workflows_;
};

}  // namespace troupe
