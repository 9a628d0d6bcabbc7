// Run states of every shape, from a seed: each field is sometimes at its default and sometimes anything.
#pragma once

#include <random>

#include "troupe/domain/run.hpp"

namespace troupe {

class RandomRunState {
 public:
  explicit RandomRunState(std::uint32_t seed) : generator_(seed) {}

  RunState make() {
    RunState state;
    state.run = id();
    state.accepted_at = from_unix_ms(1'763'000'000'000 + number(1'000'000'000));
    state.number = static_cast<std::uint32_t>(number(5));
    state.phase = static_cast<RunPhase>(number(3));
    state.status = static_cast<Status>(number(5));
    state.verdict = static_cast<Status>(number(5));
    if (chance()) state.error = error();
    state.started_at = time();
    state.ended_at = time();
    state.deadline = time();
    state.epoch = static_cast<std::uint16_t>(number(0xFFFF));
    state.barren_recoveries = static_cast<std::uint16_t>(number(6));
    state.steps_succeeded = static_cast<std::uint32_t>(number(300));
    state.steps.resize(static_cast<std::size_t>(number(20)));
    for (StepState& step : state.steps)
      if (chance()) fill(step);
    if (!state.steps.empty()) {
      state.compensation_step = static_cast<StepIndex>(number(static_cast<std::int64_t>(state.steps.size()) - 1));
      if (chance()) state.compensation = live(7);
    }
    if (chance())
      state.concurrency_key = chance() ? "null" : "\"" + std::string(static_cast<std::size_t>(number(254)), 'k') + "\"";
    state.held = chance();
    return state;
  }

  std::int64_t number(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(generator_); }
  bool chance() { return number(1) == 1; }

 private:
  void fill(StepState& step) {
    step.status = static_cast<Status>(number(5));
    step.items = static_cast<ItemIndex>(chance() ? 1 : number(10'000));
    step.next = static_cast<ItemIndex>(number(step.items));
    step.done = bitmap(step.next);
    if (chance()) step.compensated = bitmap(step.next);
    for (std::int64_t count = chance() ? number(64) : 0; count > 0; --count)
      step.live.push_back(live(static_cast<ItemIndex>(step.live.size())));
    step.order = static_cast<std::uint32_t>(number(256));
    step.started_at = time();
    step.ended_at = time();
    if (chance()) step.error = error();
    if (chance()) step.result_run = id();
  }

  LiveItem live(ItemIndex item) {
    return {item, static_cast<AttemptNumber>(1 + number(99)), static_cast<AttemptPhase>(number(2)), time()};
  }

  Error error() {
    const auto& codes = all_error_codes();
    Error error{codes[static_cast<std::size_t>(number(static_cast<std::int64_t>(codes.size()) - 1))], {}, chance(), {}};
    if (chance()) error.message = std::string(static_cast<std::size_t>(number(300)), 'm') + "\n\"\xc3\xa9\"";
    for (std::int64_t count = chance() ? number(3) : 0; count > 0; --count)
      error.faults.push_back({"/steps/" + std::to_string(count), chance() ? "is wrong" : ""});
    return error;
  }

  Bitmap bitmap(ItemIndex items) {
    const std::int64_t percent = number(10) * 10;  // none, all and everything between
    Bitmap bits;
    for (ItemIndex item = 0; item < items; ++item)
      if (number(99) < percent) bits.set(item);
    return bits;
  }

  RunId id() {
    RunId run;
    for (auto& byte : run.bytes) byte = static_cast<std::uint8_t>(number(255));
    return run;
  }
  Timestamp time() { return chance() ? kNever : from_unix_ms(1'763'000'000'000 - 1'000'000 + number(100'000'000'000)); }

  std::mt19937 generator_;
};

}  // namespace troupe
