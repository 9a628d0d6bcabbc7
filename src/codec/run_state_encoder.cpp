#include <msgpack.hpp>
#include <utility>

#include "codec/bitmap_codec.hpp"
#include "codec/run_state_codec.hpp"
#include "codec/run_state_format.hpp"

namespace troupe {
namespace {

// Differences of times wrap instead of overflowing: what a damaged state held is written again as it was.
std::int64_t difference(Timestamp at, Timestamp base) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to_unix_ms(at)) -
                                   static_cast<std::uint64_t>(to_unix_ms(base)));
}

struct Output {
  std::string& bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

class Encoder {
 public:
  Encoder(std::string& bytes, Timestamp base) : bytes_(bytes), output_{bytes}, packer_(output_), base_(base) {}

  void write_run(const RunState& state);

 private:
  /// A map whose length is known at its end: its first byte, which counts up to 15 pairs, is written last.
  template <class Fields>
  void write_map(Fields fields) {
    const std::size_t at = bytes_.size();
    const std::size_t outer_pairs = std::exchange(pairs_, 0);
    bytes_ += '\0';
    fields();
    if (pairs_ < 16) {
      bytes_[at] = static_cast<char>(0x80 | pairs_);
    } else {
      bytes_[at] = static_cast<char>(0xDE);
      const char length[] = {static_cast<char>(pairs_ >> 8), static_cast<char>(pairs_)};
      bytes_.insert(at + 1, length, sizeof length);
    }
    pairs_ = outer_pairs;
  }
  template <class Key>
  void key(Key name) {
    ++pairs_;
    packer_.pack_uint8(static_cast<std::uint8_t>(name));
  }

  template <class Key>
  void number(Key name, std::uint64_t value) {
    if (value == 0) return;
    key(name);
    packer_.pack_uint64(value);
  }
  template <class Key>
  void time(Key name, Timestamp at) {
    if (at == kNever) return;
    key(name);
    packer_.pack_int64(difference(at, base_));
  }
  template <class Key>
  void id(Key name, const RunId& run) {
    if (run.is_nil()) return;
    key(name);
    binary({reinterpret_cast<const char*>(run.bytes.data()), run.bytes.size()});
  }
  template <class Key>
  void bitmap(Key name, const Bitmap& bits) {
    if (bits.bytes().empty()) return;
    key(name);
    binary(encode_bitmap(bits));
  }
  template <class Key>
  void error(Key name, const std::optional<Error>& error) {
    if (!error) return;
    key(name);
    write_error(*error);
  }

  void binary(std::string_view bytes) {
    packer_.pack_bin(static_cast<std::uint32_t>(bytes.size()));
    packer_.pack_bin_body(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  }
  void text(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  void write_error(const Error& error);
  void write_step(const StepState& step);
  void write_live(const LiveItem& live);
  void write_approval(const ApprovalState& approval);
  void write_faults(const std::vector<Fault>& faults);

  std::string& bytes_;
  Output output_;
  msgpack::packer<Output> packer_;
  const Timestamp base_;
  std::size_t pairs_ = 0;  ///< of the map being written
};

void Encoder::write_run(const RunState& state) {
  packer_.pack_uint64(kRunStateVersion);
  write_map([&] {
    id(RunKey::run, state.run);
    number(RunKey::accepted_at, static_cast<std::uint64_t>(to_unix_ms(state.accepted_at)));
    number(RunKey::number, state.number);
    number(RunKey::phase, static_cast<std::uint64_t>(state.phase));
    number(RunKey::status, static_cast<std::uint64_t>(state.status));
    number(RunKey::verdict, static_cast<std::uint64_t>(state.verdict));
    error(RunKey::error, state.error);
    time(RunKey::started_at, state.started_at);
    time(RunKey::ended_at, state.ended_at);
    time(RunKey::deadline, state.deadline);
    number(RunKey::epoch, state.epoch);
    number(RunKey::barren_recoveries, state.barren_recoveries);
    number(RunKey::steps_succeeded, state.steps_succeeded);
    if (!state.steps.empty()) {
      key(RunKey::steps);
      packer_.pack_array(static_cast<std::uint32_t>(state.steps.size()));
      for (const StepState& step : state.steps) write_step(step);
    }
    if (state.compensation) {
      key(RunKey::compensation);
      write_live(*state.compensation);
    }
    number(RunKey::compensation_step, state.compensation_step);
    number(RunKey::undoings_failed, state.undoings_failed);
    if (!state.not_undone.empty()) {
      key(RunKey::not_undone);
      write_faults(state.not_undone);
    }
    if (!state.approvals.empty()) {
      key(RunKey::approvals);
      packer_.pack_array(static_cast<std::uint32_t>(state.approvals.size()));
      for (const ApprovalState& approval : state.approvals) write_approval(approval);
    }
    number(RunKey::signals_received, state.signals_received);
    if (!state.signals.empty()) {
      key(RunKey::signals);
      packer_.pack_array(static_cast<std::uint32_t>(state.signals.size()));
      for (const RunState::Signal& signal : state.signals) {
        packer_.pack_array(2);
        packer_.pack_uint64(signal.ordinal);
        text(signal.name);
      }
    }
    time(RunKey::paused_at, state.paused_at);
    if (!state.concurrency_key.empty()) {
      key(RunKey::concurrency_key);
      text(state.concurrency_key);
    }
    number(RunKey::held, state.held ? 1 : 0);
  });
}

void Encoder::write_step(const StepState& step) {
  write_map([&] {
    number(StepKey::status, static_cast<std::uint64_t>(step.status));
    number(StepKey::items, step.items);
    number(StepKey::next, step.next);
    bitmap(StepKey::done, step.done);
    if (!step.live.empty()) {
      key(StepKey::live);
      packer_.pack_array(static_cast<std::uint32_t>(step.live.size()));
      for (const LiveItem& live : step.live) write_live(live);
    }
    number(StepKey::order, step.order);
    time(StepKey::started_at, step.started_at);
    time(StepKey::ended_at, step.ended_at);
    error(StepKey::error, step.error);
    id(StepKey::result_run, step.result_run);
    bitmap(StepKey::compensated, step.compensated);
    bitmap(StepKey::failed, step.failed);
    time(StepKey::deadline, step.deadline);
  });
}

void Encoder::write_live(const LiveItem& live) {
  const bool has_due = live.due != kNever || !live.signal.empty();
  packer_.pack_array(3 + (has_due ? 1 : 0) + (live.signal.empty() ? 0 : 1));
  packer_.pack_uint64(live.item);
  packer_.pack_uint64(live.attempt);
  packer_.pack_uint64(static_cast<std::uint64_t>(live.phase));
  if (has_due) packer_.pack_int64(difference(live.due, base_));
  if (!live.signal.empty()) text(live.signal);
}

void Encoder::write_approval(const ApprovalState& approval) {
  packer_.pack_array(8);
  for (const std::uint64_t number :
       {std::uint64_t{approval.step}, std::uint64_t{approval.item}, std::uint64_t{approval.terms.assets},
        std::uint64_t{approval.terms.min_approved}, std::uint64_t{approval.terms.min_approvers},
        static_cast<std::uint64_t>(approval.terms.on_expiry)})
    packer_.pack_uint64(number);
  binary(encode_bitmap(approval.rejected));
  packer_.pack_array(static_cast<std::uint32_t>(approval.approvals.size()));
  for (const Bitmap& level : approval.approvals) binary(encode_bitmap(level));
}

void Encoder::write_faults(const std::vector<Fault>& faults) {
  packer_.pack_array(static_cast<std::uint32_t>(faults.size()));
  for (const Fault& fault : faults) {
    packer_.pack_array(2);
    text(fault.pointer);
    text(fault.message);
  }
}

void Encoder::write_error(const Error& error) {
  write_map([&] {
    key(ErrorKey::code);
    text(code_text(error.code));
    if (!error.message.empty()) {
      key(ErrorKey::message);
      text(error.message);
    }
    if (error.retryable) {
      key(ErrorKey::retryable);
      packer_.pack_true();
    }
    if (!error.faults.empty()) {
      key(ErrorKey::faults);
      write_faults(error.faults);
    }
  });
}

}  // namespace

std::string encode_run_state(const RunState& state) {
  std::string bytes;
  bytes.reserve(128 + 32 * state.steps.size());
  Encoder(bytes, state.accepted_at).write_run(state);
  return bytes;
}

}  // namespace troupe
