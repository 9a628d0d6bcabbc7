// Drives a store in tests as a persistence actor would: owns shards, keeps their seq, makes commits and rows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe::test {

/// An engine with an empty, migrated database of its own.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual Store& store() = 0;
};

struct EngineFactory {
  std::string name;
  std::function<std::unique_ptr<Engine>()> make;
};
inline void PrintTo(const EngineFactory& factory, std::ostream* out) { *out << factory.name; }

/// An id of the given number: later numbers sort later. The slot decides the shard (slot modulo 16).
template <class AnyId>
AnyId make_id(std::uint32_t number, Slot slot = 0) {
  AnyId id;
  const std::uint64_t ms = 1'700'000'000'000ULL + number;
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = 0x70;
  id.bytes[8] = 0x80;
  id.bytes[14] = static_cast<std::uint8_t>(slot >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(slot);
  return id;
}
Digest make_digest(std::uint32_t number);
Timestamp time_of(std::uint32_t number);

/// A pending job, its id, times and documents made from the number.
JobRow make_job(std::uint32_t number, Slot slot = 0);
JobUpdate make_update(const JobRow& job, Status status);
ResultRow make_result(const RunId& run, ItemIndex item, AttemptNumber attempt = 1);
AssetRow make_asset(const JobRow& job, std::uint32_t number);
ReviewRow make_review(const RunId& run, std::uint32_t asset, const std::string& reviewer);
SettingRow make_setting(const std::string& id, std::uint32_t number);

/// All fields of a row, readable: rows are equal when their texts are.
std::string text_of(const JobRow& row);
std::string text_of(const JournalRow& row);
std::string text_of(const JobKeyRow& row);
std::string text_of(const IdempotencyRow& row);
std::string text_of(const ResultRow& row);
std::string text_of(const AssetRow& row);
std::string text_of(const ReviewRow& row);
std::string text_of(const SettingRow& row);
std::string text_of(const RunArchive& row);
std::string text_of(const RunRecord& row);
std::string text_of(const WorkflowSummary& row);
std::string text_of(const ShardState& row);
std::string text_of(const StoreReader::Parked& row);
std::string text_of(const StoreReader::Accepted& row);
std::string text_of(const JournalStub& row);
std::string text_of(const SweepRow& row);
std::string text_of(const std::pair<Digest, Timestamp>& answer);
std::string text_of(const JobId& id);
std::string text_of(const CommitReply& reply);  ///< without the clock

template <class Row>
std::string text_of(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += text_of(row) + '\n';
  return text;
}
template <class Row>
std::string text_of(const std::optional<Row>& row) {
  return row ? text_of(*row) : "nothing";
}
template <class Value>
std::string text_of(const Result<Value>& result) {
  return result ? text_of(result.value())
                : "error " + std::string(code_text(result.error().code)) + ": " + result.error().message;
}

class StoreDriver {
 public:
  explicit StoreDriver(Store& store, std::size_t readers = 2);

  /// Commits changes to one shard with the right fence, and follows its seq if that succeeds.
  CommitReply commit(std::vector<Change> changes, ShardId shard = 0);
  Commit make_commit(std::vector<Change> changes, ShardId shard = 0) const;
  /// Lets the shard's later commits carry this low_water.
  void set_low_water(ShardId shard, const JobId& low_water) { shards_[shard].low_water = low_water; }
  /// Adopts the shard's state after a commit that was made by hand.
  void follow(const Commit& commit);
  void acquire(const std::string& owner = "node");

  StoreWriter& writer() { return *writer_; }
  StoreReader& reader() { return *reader_; }
  const ShardState& shard(ShardId shard) const { return shards_.at(shard); }

 private:
  std::unique_ptr<StoreWriter> writer_;
  std::shared_ptr<StoreReader> reader_;
  std::map<ShardId, ShardState> shards_;
};

}  // namespace troupe::test
