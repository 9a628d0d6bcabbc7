// Compiled workflow definitions: a version never changes. Read by the gateway on every job, and when runs are loaded.
// Not an actor, because it is read from many threads and changes rarely.
//
//   the newest version of each key    kept
//   what a run or a request holds     found for as long as it does
//   others                            those last asked for, kOldVersionBytes of them; else read from the store again
//
// Definitions are many where a client applies one for every job of its own, and their old versions are hardly ever
// asked for: only by retries, by runs that were parked, and by whoever names one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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
  WorkflowDefinition workflow;
  std::shared_ptr<const JsonSchema> inputs;  ///< null: any object
  WorkflowRow row;
  KnownDelays delays;
  bool is_quick = true;                          ///< every expression is: deciding for a run of it never takes long
  mutable std::atomic<std::uint64_t> asked = 0;  ///< when an old version last was, as the catalog counts; its own
};
using CatalogEntryPtr = std::shared_ptr<const CatalogEntry>;

/// Whoever holds it holds the entry, so that the catalog finds it.
inline WorkflowPtr definition_of(const CatalogEntryPtr& entry) { return {entry, &entry->workflow}; }

/// Of definitions as text, each with kSmallVersionBytes more. Compiled they take 3 to 30 times as much (long schemas
/// most), small ones 1.4 to 9 KB: this is some 8 MB of usual ones, and 110 MB of the worst.
inline constexpr std::size_t kOldVersionBytes = 4 << 20, kSmallVersionBytes = 4 << 10;

class WorkflowCatalog {
 public:
  using IsQuick = std::function<bool(std::string_view expression)>;
  WorkflowCatalog(StoreReader& reader, IsQuick is_quick, std::size_t old_version_bytes = kOldVersionBytes)
      : reader_(reader), is_quick_(std::move(is_quick)), old_version_bytes_(old_version_bytes) {}

  /// Reads the newest version of every workflow. One that cannot be compiled is left out: see unusable(). Blocks.
  Result<Done> load_all();

  struct Found {
    CatalogEntryPtr entry;  ///< null: not in memory
    bool disabled = false;
    std::uint32_t newest = 0;            ///< 0: there is no such workflow
    std::shared_ptr<const Error> fault;  ///< set: the version asked for is there, and cannot be compiled
  };
  /// Version 0 is the newest. Does not block; knows every key, but perhaps not every old version.
  Found find(const std::string& key, std::uint32_t version) const;
  /// As find, but reads an old version from the store; find has it for as long as this one is held. Fails with
  /// unknown_workflow. Blocks.
  Result<Found> load(const std::string& key, std::uint32_t version);
  /// The newest version that can be used, of those in memory; null if none can.
  CatalogEntryPtr newest_usable(const std::string& key) const;

  /// A newest version that cannot be compiled. Until another is applied, nothing new begins from it.
  struct Unusable {
    std::string key;
    std::uint32_t version = 0;
    std::shared_ptr<const Error> fault;
  };
  std::vector<Unusable> unusable() const;

  /// The shortest retention of all versions that were known here; the default's where there are none.
  Millis shortest_retention() const;

  /// What was committed. Gives what is found from now on: of one version, the one that is there.
  CatalogEntryPtr add(CatalogEntryPtr entry);
  void set_disabled(const std::string& key, bool disabled);

  /// A stored row, compiled. Fails with store_corrupt: what was stored had been valid, and is what its digest says.
  Result<CatalogEntryPtr> compile(WorkflowRow row) const;

 private:
  struct Versions {
    CatalogEntryPtr newest_entry;  ///< null: it cannot be compiled
    std::map<std::uint32_t, std::weak_ptr<const CatalogEntry>> old;
    std::uint32_t newest = 0;
    bool disabled = false;
    std::shared_ptr<const Error> fault;  ///< of the newest
    Millis shortest_retention = Millis::max();
  };
  using Dropped = std::vector<CatalogEntryPtr>;  ///< to be freed outside of the lock

  void note_unusable(const std::string& key, std::uint32_t version, Error fault);
  CatalogEntryPtr keep_old(Versions& versions, CatalogEntryPtr entry, Dropped& dropped);
  void forget_what_nobody_holds();

  StoreReader& reader_;
  const IsQuick is_quick_;
  const std::size_t old_version_bytes_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Versions> workflows_;
  std::uint64_t additions_ = 0;        ///< the clock of `asked`: what was asked for since the same addition is as old
  std::vector<CatalogEntryPtr> kept_;  ///< old versions
  std::size_t kept_bytes_ = 0;
  static constexpr std::size_t kNotesMin = 1'000;
  std::size_t notes_ = 0, notes_max_ = kNotesMin;  ///< at most so many in all `old`, with what is gone
};

}  // namespace troupe
