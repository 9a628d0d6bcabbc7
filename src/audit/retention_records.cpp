#include "audit/retention_records.hpp"

#include "codec/json.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

constexpr std::string_view kRemoved = "retention.removed", kCheckpoint = "retention.checkpoint";

std::optional<std::uint64_t> number(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_unsigned()) return std::nullopt;
  return member->get<std::uint64_t>();
}

std::optional<std::string> text(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<Digest> digest(const Json& object, const char* name) {
  const auto hex = text(object, name);
  return hex ? digest_from_hex(*hex) : std::nullopt;
}

std::optional<Tombstone> read_tombstone(const Json& entry) {
  if (!entry.is_object()) return std::nullopt;
  const auto id = text(entry, "id");
  const auto job = id ? parse_id<JobId>(*id) : std::nullopt;
  const auto last_seq = number(entry, "last_seq"), seconds = number(entry, "retention_seconds");
  const auto head = digest(entry, "head");
  if (!job || !last_seq || !head || !seconds) return std::nullopt;
  return Tombstone{*job, {*last_seq, *head}, Millis(static_cast<Millis::rep>(*seconds) * 1000)};
}

std::optional<RetentionRecord> read_removed(const Json& details) {
  const auto jobs = details.find("jobs");
  if (jobs == details.end() || !jobs->is_array()) return std::nullopt;
  RetentionRecord record;
  for (const Json& entry : *jobs) {
    auto tombstone = read_tombstone(entry);
    if (!tombstone) return std::nullopt;
    record.removed.push_back(*tombstone);
  }
  return record;
}

std::optional<RetentionRecord> read_checkpoint(const Json& details) {
  const auto transaction = number(details, "transaction"), chain_seq = number(details, "chain_seq");
  const auto head = digest(details, "head"), chain_head = digest(details, "chain_head");
  const auto survivors = digest(details, "survivors");
  if (!transaction || !chain_seq || !head || !chain_head || !survivors) return std::nullopt;
  RetentionRecord record;
  record.checkpoint = Checkpoint{*transaction, *head, *chain_seq, *chain_head, *survivors, 0};
  return record;
}

}  // namespace

RecordDraft removal_record(const std::vector<Tombstone>& jobs) {
  Json list = Json::array();
  for (const Tombstone& job : jobs)
    list.push_back({{"id", to_string(job.job)},
                    {"last_seq", job.head.seq},
                    {"head", to_hex(job.head.hash)},
                    {"retention_seconds", static_cast<std::uint64_t>(job.retention.count() / 1000)}});
  return {std::string(kRemoved), {{"jobs", std::move(list)}}, {}};
}

RecordDraft checkpoint_record(const Checkpoint& checkpoint) {
  return {std::string(kCheckpoint),
          {{"transaction", checkpoint.transaction},
           {"head", to_hex(checkpoint.head)},
           {"chain_seq", checkpoint.chain_seq},
           {"chain_head", to_hex(checkpoint.chain_head)},
           {"survivors", to_hex(checkpoint.survivors)}},
          {}};
}

std::optional<RetentionRecord> read_retention_record(std::string_view stored) {
  if (stored.find("\"retention.") == std::string_view::npos) return std::nullopt;
  const auto record = parse_json(stored);
  if (!record.ok() || !record->is_object()) return std::nullopt;
  const auto action = text(*record, "action");
  const auto details = record->find("details");
  if (!action || details == record->end() || !details->is_object()) return std::nullopt;
  if (*action == kRemoved) return read_removed(*details);
  if (*action == kCheckpoint) return read_checkpoint(*details);
  return std::nullopt;
}

}  // namespace troupe
