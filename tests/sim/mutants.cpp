#include "sim/mutants.hpp"

#include <array>

#include "sim/world.hpp"

namespace troupe::sim {
namespace {

constexpr std::array<std::string_view, 14> kNames = {
    "none",          "no_fence",        "answer_before_commit", "forget_update", "break_chain",
    "forget_record", "forget_job_key",  "forget_answer",        "forget_result", "forget_park",
    "overlook_open", "overlook_parked", "high_low_water",       "wrong_head"};

/// Flips a digit of a record's prev_hash.
void break_record(std::string& records) {
  const std::size_t at = records.find("\"prev_hash\":\"");
  if (at == std::string::npos) return;
  char& digit = records[at + 20];
  digit = digit == '0' ? '1' : '0';
}

}  // namespace

std::optional<Mutant> mutant_from_text(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Mutant>(i);
  return std::nullopt;
}

std::vector<std::string> mutant_names() { return {kNames.begin() + 1, kNames.end()}; }

namespace mutants {

bool pretends(World& world) {
  return world.settings().mutant == Mutant::answer_before_commit && world.has_faults() && world.dice().chance(1);
}

std::optional<Commit> on_commit(World& world, const Commit& commit, StoreReader& truth) {
  const Mutant mutant = world.settings().mutant;
  if (mutant == Mutant::none || !world.has_faults()) return std::nullopt;
  Commit other = commit;
  if (mutant == Mutant::no_fence) {
    const auto states = truth.shards();
    for (ShardAdvance& advance : other.shards)
      for (const ShardState& state : *states)
        if (state.shard == advance.shard) advance.epoch = state.epoch, advance.seq = state.seq;
    for (Change& change : other.changes)
      if (change.journal)
        for (const ShardAdvance& advance : other.shards)
          if (advance.shard == change.journal->shard) change.journal->transaction = advance.seq + 1;
  }
  if (mutant == Mutant::high_low_water)
    for (ShardAdvance& advance : other.shards)
      if (!world.jobs().ids().empty()) advance.low_water = world.jobs().ids().back();
  for (Change& change : other.changes) {
    const bool strikes = world.dice().chance(3);
    if (mutant == Mutant::break_chain && change.journal && strikes) break_record(change.journal->records);
    if (mutant == Mutant::forget_update && change.update && strikes) change = Change{};
    if (mutant == Mutant::forget_record && strikes) change.journal.reset();
    if (mutant == Mutant::forget_job_key) change.job_key.reset();
    if (mutant == Mutant::forget_answer) change.idempotency.reset();
    if (mutant == Mutant::forget_result && strikes) change.results.clear();
    if (mutant == Mutant::forget_park) change.park.reset();
    if (mutant == Mutant::wrong_head && change.update && strikes) change.update->head[0] ^= 1;
  }
  return other;
}

void on_open_jobs(World& world, std::vector<JobRow>& rows) {
  if (world.settings().mutant == Mutant::overlook_open && rows.size() > 1) rows.erase(rows.begin());
}

void on_parked(World& world, std::vector<StoreReader::Parked>& rows) {
  if (world.settings().mutant == Mutant::overlook_parked)
    std::erase_if(rows, [](const StoreReader::Parked& row) { return row.job.bytes[12] % 2 == 0; });
}

}  // namespace mutants
}  // namespace troupe::sim
