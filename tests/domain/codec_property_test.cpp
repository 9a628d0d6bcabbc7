// What the store keeps of a run, at every point of a random one: its state, and the records of its decisions.
#include "codec/event_codec.hpp"
#include "codec/run_state_codec.hpp"
#include "domain/property.hpp"
#include "domain/run_world.hpp"

namespace troupe {
namespace {

/// Events that stand in the `next` of the record before them have none of their own (codec/event_codec.hpp).
bool has_own_record(const Event& event) {
  return !std::holds_alternative<StepBegun>(event) && !std::holds_alternative<ItemBegun>(event) &&
         !std::holds_alternative<StepSkipped>(event);
}

TEST(CodecProperty, AStateIsReadAsItWasWrittenAtEveryPoint) {
  const auto property = [](Choices& choices) {
    RunWorld world(choices);
    world.observe([](const RunState&, const Decision&, const RunState& after) {
      const std::string bytes = encode_run_state(after);
      const auto read = decode_run_state(bytes);
      require(read.ok() && *read == after, "a state is read as it was written");
      require(encode_run_state(*read) == bytes, "a state has one encoding");
    });
    world.play();
  };
  check_property(property, 4);
}

TEST(CodecProperty, EveryDecisionHasItsRecordsInCanonicalForm) {
  const auto property = [](Choices& choices) {
    RunWorld world(choices);
    world.observe([&](const RunState& before, const Decision& decision, const RunState&) {
      const auto records = to_records(decision.events, before, world.workflow(), {});
      require(records.empty() == decision.events.empty(), "a change has a record, and nothing else has");
      const auto own = std::count_if(decision.events.begin(), decision.events.end(), has_own_record);
      require(records.size() >= static_cast<std::size_t>(own), "an event of its own has a record of its own");
      for (const RecordDraft& record : records) {
        require(!record.action.empty() && record.duration.value_or(Millis(0)) >= Millis(0),
                "a record names its action");
        const std::string text = canonical_json(record.details);
        const auto read = parse_json(text);
        require(read.ok() && *read == record.details && canonical_json(*read) == text,
                "details are read as they were written");
      }
    });
    world.play();
  };
  check_property(property, 10);
}

}  // namespace
}  // namespace troupe
