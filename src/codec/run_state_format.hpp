// The format of a stored run state, version 1: its grammar, and the keys that the encoder and the decoder share.
// Private to the codec room.
//
// MessagePack; `name?` may be absent, which stands for zero, nil or empty. Readers skip keys and trailing array
// elements that they do not know, so that a newer writer's additions do not stop an older reader; a change that an
// older reader must not skip raises `version`.
//
//   bytes      = version state
//   version    = uint                       1
//   state      = map { 1: run, 2: accepted_at?, 3: number?, 4: phase?, 5: status?, 6: verdict?, 7: error?, 8:
//   started_at?,
//                      9: ended_at?, 10: deadline?, 11: epoch?, 12: barren_recoveries?, 13: steps_succeeded?,
//                      14: steps?, 15: compensation?, 16: compensation_step?, 17: undoings_failed?, 18: not_undone?,
//                      19: approvals?, 20: signals_received?, 21: signals?, 22: paused_at?,
//                      23: concurrency_key? str, 24: held? uint 1 }
//   run        = bin                        16 bytes
//   accepted_at = uint                      milliseconds since 1970
//   …_at, deadline, due = int               milliseconds after accepted_at (1 to 5 bytes instead of 9)
//   phase, status, verdict = uint           as numbered in domain/run.hpp
//   error      = map { 1: code str, 2: message str?, 3: retryable bool?, 4: array of [pointer str, message str]? }
//   steps      = array of map { 1: status?, 2: items?, 3: next?, 4: done?, 5: live?, 6: order?, 7: started_at?,
//                               8: ended_at?, 9: error?, 10: result_run?, 11: compensated?, 12: failed?,
//                               13: deadline? }
//   live       = array of live_item
//   live_item, compensation = [item, attempt, phase, due?, signal?]    due stands before a signal, 0 for none
//   not_undone = array of [pointer str, message str]
//   approvals  = array of [step, item, assets, min_approved, min_approvers, on_expiry, rejected, array of bitmap]
//   signals    = array of [ordinal, name str]
//   done, compensated, failed, rejected, bitmap = bin                 the bitmap's bytes, run-length encoded
//   (bitmap_codec.hpp)
//
// Small matters: a state is rewritten by every commit of its job.
#pragma once

#include <cstdint>

namespace troupe {

inline constexpr std::uint64_t kRunStateVersion = 1;

// The numbers are stored: never reuse one.
enum class RunKey : std::uint8_t {
  run = 1,
  accepted_at = 2,
  number = 3,
  phase = 4,
  status = 5,
  verdict = 6,
  error = 7,
  started_at = 8,
  ended_at = 9,
  deadline = 10,
  epoch = 11,
  barren_recoveries = 12,
  steps_succeeded = 13,
  steps = 14,
  compensation = 15,
  compensation_step = 16,
  undoings_failed = 17,
  not_undone = 18,
  approvals = 19,
  signals_received = 20,
  signals = 21,
  paused_at = 22,
  concurrency_key = 23,
  held = 24,
};
enum class StepKey : std::uint8_t {
  status = 1,
  items = 2,
  next = 3,
  done = 4,
  live = 5,
  order = 6,
  started_at = 7,
  ended_at = 8,
  error = 9,
  result_run = 10,
  compensated = 11,
  failed = 12,
  deadline = 13,
};
enum class ErrorKey : std::uint8_t { code = 1, message = 2, retryable = 3, faults = 4 };

}  // namespace troupe
