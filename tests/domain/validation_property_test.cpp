// A random graph is accepted as it is, and with one fault in it refused: with the right code, at the right place, and
// with nothing said of other places.
#include <algorithm>
#include <functional>

#include "codec/workflow_codec.hpp"
#include "domain/property.hpp"
#include "domain/random_workflow.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {
namespace {

/// The graph of a random workflow as somebody would write it.
WorkflowDraft draft_of(const WorkflowDefinition& workflow) {
  WorkflowDraft draft{workflow, {}, true};
  for (StepDefinition& step : draft.definition.steps) {
    std::vector<std::string>& names = draft.needs.emplace_back();
    for (StepIndex need : step.needs) names.push_back(workflow.steps[need].name);
    step.needs.clear();
  }
  return draft;
}

Result<ParsedWorkflow> parse(const WorkflowDraft& draft) {
  Json root = {{"key", draft.definition.key}, {"steps", Json::array()}};
  for (std::size_t i = 0; i < draft.needs.size(); ++i)
    root["steps"].push_back({{"name", draft.definition.steps[i].name}, {"type", "noop"}, {"needs", draft.needs[i]}});
  return parse_workflow(to_text(root), [](std::string_view) { return std::nullopt; });
}

struct Injection {
  std::function<void(WorkflowDraft&, std::size_t step)> inject;
  std::string place;  ///< below the step
};

const std::vector<Injection>& injections() {
  static const std::vector<Injection> all = {
      {[](auto& draft, auto i) { draft.needs[i].push_back("misspelt"); }, "needs/last"},
      {[](auto& draft, auto i) { draft.needs[i].push_back(draft.definition.steps[i].name); }, "needs/last"},
      {[](auto& draft, auto i) { draft.definition.steps[i].timeout = Millis(-1); }, "timeout"},
      {[](auto& draft, auto i) { draft.definition.steps[i].max_parallel = 0; }, "max_parallel"},
      {[](auto& draft, auto i) { draft.definition.steps[i].total_timeout = limits::kRunTimeoutMax + Millis(1); },
       "total_timeout"},
      {[](auto& draft, auto i) { draft.definition.steps[i].timeout = limits::kRunTimeoutMax + Millis(1); }, "timeout"},
      {[](auto& draft, auto i) { draft.definition.steps[i].retry.max_attempts = 0; }, "retry/max_attempts"},
      {[](auto& draft, auto i) { draft.definition.steps[i].retry.max_attempts = limits::kAttemptsMax + 1; },
       "retry/max_attempts"},
      {[](auto& draft, auto i) { draft.definition.steps[i].retry.factor = 0.5; }, "retry/factor"},
      {[](auto& draft, auto i) {
         draft.definition.steps[i].retry.initial = draft.definition.steps[i].retry.max + Millis(1);
       },
       "retry/initial"},
      {[](auto& draft, auto i) {
         draft.definition.steps[i].compensate = Compensation{StepType::delay, {}, Millis(1), {}};
       },
       "compensate/type"},
      {[](auto& draft, auto i) {
         RetryPolicy retry;
         retry.max_attempts = 0;
         draft.definition.steps[i].compensate = Compensation{StepType::http, {}, Millis(1), retry};
       },
       "compensate/retry/max_attempts"},
  };
  return all;
}

/// Does `step` need `other`, directly or not?
bool needs(const WorkflowDefinition& workflow, StepIndex step, StepIndex other) {
  const auto& direct = workflow.steps[step].needs;
  return std::any_of(direct.begin(), direct.end(),
                     [&](StepIndex need) { return need == other || needs(workflow, need, other); });
}

/// The text after the colon is "a needs b needs a": every pair must be a need that was written, and the end the
/// beginning.
void check_named_cycle(const WorkflowDraft& draft, const Fault& fault) {
  const std::string prefix = "the steps form a cycle: ";
  require(fault.message.starts_with(prefix), "a cycle is called one");
  std::vector<std::string> names;
  for (std::size_t from = prefix.size(); from < fault.message.size();) {
    const std::size_t to = std::min(fault.message.find(" needs ", from), fault.message.size());
    names.push_back(fault.message.substr(from, to - from));
    from = to + 7;
  }
  require(names.size() >= 3 && names.front() == names.back(), "a cycle ends where it begins");
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    const auto& written = draft.needs.at(*draft.definition.find_step(names[i]));
    require(std::find(written.begin(), written.end(), names[i + 1]) != written.end(),
            "a cycle names needs that were written");
  }
  const std::string last = names[names.size() - 2];
  require(fault.pointer == "/steps/" + std::to_string(*draft.definition.find_step(last)) + "/needs",
          "a cycle is told at the step that closes it");
}

void check_refusal_by_codec(const WorkflowDraft& draft, const std::vector<Fault>& faults) {
  const auto parsed = parse(draft);
  require(!parsed.ok() && parsed.error().code == ErrorCode::validation_failed, "a wrong definition fails validation");
  require(parsed.error().faults == faults, "the codec tells the same faults");
}

TEST(ValidationProperty, AValidGraphIsAcceptedAsItWasMeant) {
  const auto property = [](Choices& choices) {
    const RandomWorkflow drawn(choices);
    WorkflowDraft draft = draft_of(drawn.definition);
    const auto parsed = parse(draft);
    require(resolve(draft).empty(), "a valid graph has no faults");
    require(parsed.ok(), "a valid definition is accepted");
    for (std::size_t i = 0; i < draft.needs.size(); ++i) {
      require(draft.definition.steps[i].needs == drawn.definition.steps[i].needs, "names become positions");
      require(parsed->definition.steps[i].needs == drawn.definition.steps[i].needs,
              "names become positions in the codec");
    }
  };
  check_property(property, 10);
}

TEST(ValidationProperty, AFaultIsToldAtItsPlaceAndNoOtherIs) {
  const auto property = [](Choices& choices) {
    WorkflowDraft draft = draft_of(RandomWorkflow(choices).definition);
    const std::size_t step = choices.number(static_cast<std::uint32_t>(draft.needs.size()));
    const Injection& injection = choices.one_of(injections());
    injection.inject(draft, step);
    const std::string place =
        injection.place == "needs/last" ? "needs/" + std::to_string(draft.needs[step].size() - 1) : injection.place;
    const WorkflowDraft written = draft;
    const std::vector<Fault> faults = resolve(draft);
    require(faults.size() == 1, "one fault is told once");
    require(faults[0].pointer == "/steps/" + std::to_string(step) + "/" + place, "a fault is told at its place");
    if (place.starts_with("needs")) check_refusal_by_codec(written, faults);
  };
  check_property(property, 10);
}

TEST(ValidationProperty, ANameThatIsUsedTwiceIsToldAtItsSecondUse) {
  const auto property = [](Choices& choices) {
    WorkflowDraft draft = draft_of(RandomWorkflow(choices).definition);
    const auto steps = static_cast<std::uint32_t>(draft.needs.size());
    if (steps < 2) return;
    const std::uint32_t second = 1 + choices.number(steps - 1);
    const std::string old_name = draft.definition.steps[second].name;
    for (auto& written : draft.needs) std::erase(written, old_name);
    draft.needs[second].clear();
    draft.definition.steps[second].name = draft.definition.steps[choices.number(second)].name;
    const WorkflowDraft written = draft;
    const std::vector<Fault> faults = resolve(draft);
    require(faults.size() == 1 && faults[0].pointer == "/steps/" + std::to_string(second) + "/name",
            "the second use is at fault");
    check_refusal_by_codec(written, faults);
  };
  check_property(property, 10);
}

TEST(ValidationProperty, ACycleIsNamedByItsSteps) {
  const auto property = [](Choices& choices) {
    const WorkflowDefinition graph = RandomWorkflow(choices).definition;
    WorkflowDraft draft = draft_of(graph);
    const auto steps = static_cast<std::uint32_t>(graph.steps.size());
    const auto late = static_cast<StepIndex>(choices.number(steps)),
               early = static_cast<StepIndex>(choices.number(steps));
    if (late == early || !needs(graph, late, early)) return;
    draft.needs[early].push_back(graph.steps[late].name);
    const WorkflowDraft written = draft;
    const std::vector<Fault> faults = resolve(draft);
    require(!faults.empty(), "a cycle is found");
    for (const Fault& fault : faults) check_named_cycle(written, fault);
    check_refusal_by_codec(written, faults);
  };
  check_property(property, 10);
}

}  // namespace
}  // namespace troupe
