// Faults of the node that the simulator can play at its ports, so that one sees whether its checkers notice: a store
// that forgets, a fence that lets everyone through. Others are patches to the node (mutations/). None is at work unless
// asked for by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe::sim {

class World;

enum class Mutant : std::uint8_t {
  none,
  no_fence,              ///< whoever commits owns the shard
  answer_before_commit,  ///< what was told as committed is not written now and then
  forget_update,         ///< a change of a job is not written, those beside it are
  break_chain,           ///< a record is not the one that was hashed
  forget_record,         ///< a change is written without its records
  forget_job_key,        ///< two jobs may have the same name
  forget_answer,         ///< an Idempotency-Key keeps nothing
  forget_result,         ///< what a step gave is not kept
  forget_park,           ///< a run rests, and nobody knows until when
  overlook_open,         ///< recovery does not find every open job
  overlook_parked,       ///< nor those that fall due
  high_low_water,        ///< the mark below which no open job is looked for is too high
  wrong_head,            ///< a job's row does not name its last record
};
std::optional<Mutant> mutant_from_text(std::string_view name);
/// All but none, by name.
std::vector<std::string> mutant_names();

namespace mutants {

/// True: the commit is said to be written, and is not.
bool pretends(World& world);
/// What is written in its place.
std::optional<Commit> on_commit(World& world, const Commit& commit, StoreReader& truth);
void on_open_jobs(World& world, std::vector<JobRow>& rows);
void on_parked(World& world, std::vector<StoreReader::Parked>& rows);

}  // namespace mutants
}  // namespace troupe::sim
