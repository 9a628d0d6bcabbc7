#include <algorithm>
#include <concepts>
#include <limits>
#include <msgpack.hpp>
#include <span>
#include <utility>

#include "codec/bitmap_codec.hpp"
#include "codec/run_state_codec.hpp"
#include "codec/run_state_format.hpp"

namespace troupe {
namespace {

// What a damaged state is held to. Wider than limits.hpp, so that lowering a limit leaves old states readable.
constexpr std::size_t kStepsMax = 4'096;
constexpr std::size_t kDepthMax = 8;
constexpr std::uint32_t kItemsMax = 1U << 20;

// Sums of times wrap instead of overflowing: damaged bytes may hold any number.
Timestamp moved(Timestamp base, std::int64_t by) {
  return from_unix_ms(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(to_unix_ms(base)) + static_cast<std::uint64_t>(by)));
}

using Value = msgpack::object;

/// Refuses a text that claims more values than it has bytes: msgpack makes room for what is claimed before it looks.
struct ClaimChecker : msgpack::null_visitor {
  explicit ClaimChecker(std::size_t most) : left(most) {}
  bool claim(std::uint64_t values) {
    if (values > left) return false;
    left -= static_cast<std::size_t>(values);
    return true;
  }
  bool start_array(std::uint32_t elements) { return claim(elements); }
  bool start_map(std::uint32_t pairs) { return claim(std::uint64_t{2} * pairs); }

  std::size_t left;
};

std::span<const Value> elements_of(const Value& array) {
  if (array.type != msgpack::type::ARRAY) return {};
  return {array.via.array.ptr, array.via.array.size};
}

/// Reads values into a state. The first thing that does not fit is remembered; reading goes on, for simplicity.
class Decoder {
 public:
  void read_run(const Value& value, RunState& state);
  const char* fault() const { return fault_; }

 private:
  void check(bool holds, const char* fault) {
    if (!holds && fault_ == nullptr) fault_ = fault;
  }
  /// Calls `field(key, value)` for each pair with a number for a key.
  template <class Field>
  void each_field(const Value& map, Field field) {
    check(map.type == msgpack::type::MAP, "a map was expected");
    if (map.type != msgpack::type::MAP) return;
    for (const msgpack::object_kv& pair : std::span(map.via.map.ptr, map.via.map.size))
      if (pair.key.type == msgpack::type::POSITIVE_INTEGER && pair.key.via.u64 <= 0xFF)
        field(static_cast<std::uint8_t>(pair.key.via.u64), pair.val);
  }
  template <class Element>
  void each_element(const Value& array, Element element) {
    check(array.type == msgpack::type::ARRAY, "an array was expected");
    for (const Value& value : elements_of(array)) element(value);
  }

  template <std::unsigned_integral Number>
  void read(const Value& value, Number& number) {
    const bool fits =
        value.type == msgpack::type::POSITIVE_INTEGER && value.via.u64 <= std::numeric_limits<Number>::max();
    check(fits, "a number is out of its range");
    if (fits) number = static_cast<Number>(value.via.u64);
  }
  template <class Enumeration>
  requires std::is_enum_v<Enumeration>
  void read(const Value& value, Enumeration& enumerator, Enumeration last) {
    std::uint8_t number = 0;
    read(value, number);
    check(number <= static_cast<std::uint8_t>(last), "an enumeration has no such value");
    if (fault_ == nullptr) enumerator = static_cast<Enumeration>(number);
  }
  void read(const Value& value, std::string& text) {
    check(value.type == msgpack::type::STR, "a text was expected");
    if (value.type == msgpack::type::STR) text.assign(value.via.str.ptr, value.via.str.size);
  }
  void read(const Value& value, Timestamp& at) {
    const bool integer = value.type == msgpack::type::POSITIVE_INTEGER || value.type == msgpack::type::NEGATIVE_INTEGER;
    check(integer, "a time was expected");
    if (integer) at = moved(base_, static_cast<std::int64_t>(value.via.u64));
  }
  std::string_view binary(const Value& value) {
    check(value.type == msgpack::type::BIN, "bytes were expected");
    if (value.type != msgpack::type::BIN) return {};
    return {value.via.bin.ptr, value.via.bin.size};
  }
  void read(const Value& value, RunId& run) {
    const std::string_view bytes = binary(value);
    check(bytes.size() == run.bytes.size(), "an id has 16 bytes");
    if (bytes.size() == run.bytes.size()) std::copy(bytes.begin(), bytes.end(), run.bytes.begin());
  }
  void read(const Value& value, Bitmap& bitmap) {
    auto read = decode_bitmap(binary(value));
    check(read.has_value(), "a bitmap is damaged");
    if (read) bitmap = std::move(*read);
  }
  void read(const Value& value, LiveItem& live);
  void read(const Value& value, ApprovalState& approval);
  void read(const Value& value, RunState::Signal& signal);
  void read(const Value& value, Fault& fault);
  void read(const Value& value, Error& error);
  void read(const Value& value, StepState& step);

  Timestamp base_ = kNever;
  const char* fault_ = nullptr;
};

void Decoder::read(const Value& value, LiveItem& live) {
  const std::span<const Value> elements = elements_of(value);
  check(elements.size() >= 3, "a live item has at least three elements");
  if (elements.size() < 3) return;
  read(elements[0], live.item);
  read(elements[1], live.attempt);
  read(elements[2], live.phase, AttemptPhase::awaiting);
  if (elements.size() > 3) read(elements[3], live.due);
  if (elements.size() > 4) read(elements[4], live.signal);
}

void Decoder::read(const Value& value, ApprovalState& approval) {
  const std::span<const Value> elements = elements_of(value);
  check(elements.size() >= 8, "an approval has at least eight elements");
  if (elements.size() < 8) return;
  read(elements[0], approval.step);
  read(elements[1], approval.item);
  read(elements[2], approval.terms.assets);
  read(elements[3], approval.terms.min_approved);
  read(elements[4], approval.terms.min_approvers);
  read(elements[5], approval.terms.on_expiry, OnExpiry::skip);
  read(elements[6], approval.rejected);
  each_element(elements[7], [&](const Value& level) { read(level, approval.approvals.emplace_back()); });
  check(approval.terms.assets <= kItemsMax, "an approval has more images than there can be");
}

void Decoder::read(const Value& value, RunState::Signal& signal) {
  const std::span<const Value> elements = elements_of(value);
  check(elements.size() >= 2, "a signal has at least two elements");
  if (elements.size() < 2) return;
  read(elements[0], signal.ordinal);
  read(elements[1], signal.name);
}

void Decoder::read(const Value& value, Fault& fault) {
  const std::span<const Value> elements = elements_of(value);
  check(elements.size() >= 2, "a fault has at least two elements");
  if (elements.size() < 2) return;
  read(elements[0], fault.pointer);
  read(elements[1], fault.message);
}

void Decoder::read(const Value& value, Error& error) {
  std::string code;
  each_field(value, [&](std::uint8_t key, const Value& field) {
    switch (static_cast<ErrorKey>(key)) {
      case ErrorKey::code: return read(field, code);
      case ErrorKey::message: return read(field, error.message);
      case ErrorKey::retryable: error.retryable = field.type == msgpack::type::BOOLEAN && field.via.boolean; return;
      case ErrorKey::faults:
        return each_element(field, [&](const Value& fault) { read(fault, error.faults.emplace_back()); });
    }
  });
  // A newer node may have written a code that this one does not know: better a vague error than an unreadable run.
  const auto known = code_from_text(code);
  error.code = known.value_or(ErrorCode::internal);
  if (!known) error.message = code + ": " + error.message;
}

void Decoder::read(const Value& value, StepState& step) {
  each_field(value, [&](std::uint8_t key, const Value& field) {
    switch (static_cast<StepKey>(key)) {
      case StepKey::status: return read(field, step.status, Status::skipped);
      case StepKey::items: return read(field, step.items);
      case StepKey::next: return read(field, step.next);
      case StepKey::done: return read(field, step.done);
      case StepKey::live: return each_element(field, [&](const Value& live) { read(live, step.live.emplace_back()); });
      case StepKey::order: return read(field, step.order);
      case StepKey::started_at: return read(field, step.started_at);
      case StepKey::ended_at: return read(field, step.ended_at);
      case StepKey::error: return read(field, step.error.emplace());
      case StepKey::result_run: return read(field, step.result_run);
      case StepKey::compensated: return read(field, step.compensated);
      case StepKey::failed: return read(field, step.failed);
      case StepKey::deadline: return read(field, step.deadline);
    }
  });
  check(step.items <= 8 * kBitmapBytesMax && step.next <= step.items, "a step has more items than there can be");
}

void Decoder::read_run(const Value& value, RunState& state) {
  each_field(value, [&](std::uint8_t key, const Value& field) {
    if (static_cast<RunKey>(key) == RunKey::accepted_at) read(field, state.accepted_at);
  });
  base_ = state.accepted_at;
  state.number = 0;  // absent stands for zero
  state.verdict = Status::pending;
  each_field(value, [&](std::uint8_t key, const Value& field) {
    switch (static_cast<RunKey>(key)) {
      case RunKey::run: return read(field, state.run);
      case RunKey::accepted_at: return;
      case RunKey::number: return read(field, state.number);
      case RunKey::phase: return read(field, state.phase, RunPhase::ended);
      case RunKey::status: return read(field, state.status, Status::skipped);
      case RunKey::verdict: return read(field, state.verdict, Status::skipped);
      case RunKey::error: return read(field, state.error.emplace());
      case RunKey::started_at: return read(field, state.started_at);
      case RunKey::ended_at: return read(field, state.ended_at);
      case RunKey::deadline: return read(field, state.deadline);
      case RunKey::epoch: return read(field, state.epoch);
      case RunKey::barren_recoveries: return read(field, state.barren_recoveries);
      case RunKey::steps_succeeded: return read(field, state.steps_succeeded);
      case RunKey::steps:
        check(elements_of(field).size() <= kStepsMax, "there are more steps than there can be");
        if (fault_ != nullptr) return;
        state.steps.reserve(elements_of(field).size());
        return each_element(field, [&](const Value& step) { read(step, state.steps.emplace_back()); });
      case RunKey::compensation: return read(field, state.compensation.emplace());
      case RunKey::compensation_step: return read(field, state.compensation_step);
      case RunKey::undoings_failed: return read(field, state.undoings_failed);
      case RunKey::not_undone:
        return each_element(field, [&](const Value& fault) { read(fault, state.not_undone.emplace_back()); });
      case RunKey::approvals:
        return each_element(field, [&](const Value& one) { read(one, state.approvals.emplace_back()); });
      case RunKey::signals_received: return read(field, state.signals_received);
      case RunKey::signals:
        return each_element(field, [&](const Value& one) { read(one, state.signals.emplace_back()); });
      case RunKey::paused_at: return read(field, state.paused_at);
      case RunKey::concurrency_key: return read(field, state.concurrency_key);
      case RunKey::held: {
        std::uint8_t held = 0;
        read(field, held);
        state.held = held != 0;
        return;
      }
    }
  });
  check(!state.compensation || state.compensation_step < state.steps.size(), "the step being undone does not exist");
}

Error corrupt(std::string_view fault) {
  return {ErrorCode::store_corrupt, "a run state cannot be read: " + std::string(fault), false, {}};
}

bool refer_to_input(msgpack::type::object_type, std::size_t, void*) { return true; }

Result<RunState> decode_state(std::string_view bytes) {
  std::size_t at = 0;
  ClaimChecker checker(bytes.size());
  if (!msgpack::parse(bytes.data(), bytes.size(), at, checker)) return corrupt("it is cut off or damaged");

  msgpack::zone zone;
  at = 0;
  bool referenced = false;
  const msgpack::unpack_limit limit(bytes.size(), bytes.size(), bytes.size(), bytes.size(), bytes.size(), kDepthMax);
  const Value value =
      msgpack::unpack(zone, bytes.data(), bytes.size(), at, referenced, &refer_to_input, nullptr, limit);
  if (at != bytes.size()) return corrupt("something follows it");

  RunState state;
  Decoder decoder;
  decoder.read_run(value, state);
  if (decoder.fault() != nullptr) return corrupt(decoder.fault());
  return state;
}

}  // namespace

Result<RunState> decode_run_state(std::string_view bytes) {
  if (bytes.empty()) return corrupt("it is empty");
  const auto version = static_cast<std::uint8_t>(bytes[0]);  // a uint below 128 is its own byte
  if (version == 0 || version >= 0x80) return corrupt("it has no version");
  if (version > kRunStateVersion)
    return {ErrorCode::store_newer,
            "a run state was written by a newer version (format " + std::to_string(version) + ")"};
  try {
    return decode_state(bytes.substr(1));
  } catch (const msgpack::unpack_error& fault) {
    return corrupt(fault.what());
  }
}

}  // namespace troupe
