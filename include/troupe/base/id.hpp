// Ids: UUIDv7 whose last 12 bits are a slot.
//
//   48 bits  milliseconds since 1970     so that ids sort by creation and B-trees grow at their end
//    4 bits  version 7
//   12 bits  counter within the millisecond
//    2 bits  variant
//   50 bits  random
//   12 bits  slot, for ever              run, task and asset ids carry their job's slot; the store maps slots to shards
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/base/time.hpp"

namespace troupe {

/// 0 … 4095
using Slot = std::uint16_t;
inline constexpr Slot kSlotCount = 4096;

/// A UUID that names a thing of one kind. `JobId` and `AssetId` are different types with the same bytes.
template <class Tag>
struct Id {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Id&) const = default;
  bool is_nil() const { return *this == Id{}; }
  Slot slot() const { return static_cast<Slot>(((bytes[14] & 0x0F) << 8) | bytes[15]); }
  Timestamp created_at() const {
    std::int64_t ms = 0;
    for (int i = 0; i < 6; ++i) ms = (ms << 8) | bytes[static_cast<std::size_t>(i)];
    return from_unix_ms(ms);
  }
  /// The same bytes as an id of another kind: a job's first run bears the job's own id.
  template <class Other>
  Other as() const {
    return Other{bytes};
  }
};

using JobId = Id<struct JobTag>;
using RunId = Id<struct RunTag>;
using AssetId = Id<struct AssetTag>;
using TaskId = Id<struct TaskTag>;
/// A chain of audit records: a job's (the job's id) or a shard's own (see shard_chain).
using ChainId = Id<struct ChainTag>;

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes);
/// Canonical text only (8-4-4-4-12, either case); nothing otherwise.
std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);

template <class Tag>
std::string to_string(const Id<Tag>& id) {
  return format_uuid(id.bytes);
}
template <class AnyId>
std::optional<AnyId> parse_id(std::string_view text) {
  if (auto bytes = parse_uuid(text)) return AnyId{*bytes};
  return std::nullopt;
}

/// Is this a `job_id` that a client may choose? 1–128 of A–Z a–z 0–9 . _ : - and not in UUID form.
bool is_client_job_id(std::string_view text);

class Clock;
class Random;

/// Makes ids. Ids of one factory sort in the order they were made. Not thread-safe: one per owner.
class IdFactory {
 public:
  IdFactory(Clock& clock, Random& random) : clock_(clock), random_(random) {}

  template <class AnyId>
  AnyId make(Slot slot) {
    return AnyId{next(slot)};
  }

 private:
  std::array<std::uint8_t, 16> next(Slot slot);

  Clock& clock_;
  Random& random_;
  std::int64_t last_ms_ = 0;
  std::uint16_t counter_ = 0;
};

}  // namespace troupe

template <class Tag>
struct std::hash<troupe::Id<Tag>> {
  std::size_t operator()(const troupe::Id<Tag>& id) const noexcept {
    std::uint64_t high = 0, low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      high = (high << 8) | id.bytes[i];
      low = (low << 8) | id.bytes[i + 8];
    }
    return static_cast<std::size_t>((high * 0x9E3779B97F4A7C15ULL) ^ low);
  }
};
