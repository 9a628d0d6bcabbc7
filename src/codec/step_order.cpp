#include "codec/step_order.hpp"

#include <algorithm>
#include <optional>

#include "troupe/base/limits.hpp"

namespace troupe {
namespace {

using Needs = std::vector<std::vector<std::size_t>>;

/// Nothing where `needs` is no list of names of steps.
std::optional<Needs> read_needs(const Json& steps, const std::map<std::string, std::size_t, std::less<>>& places) {
  Needs needs(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].is_object() || !steps[i].contains("needs")) continue;
    const Json& written = steps[i]["needs"];
    if (!written.is_array()) return std::nullopt;
    for (const Json& name : written) {
      const auto place = name.is_string() ? places.find(name.get_ref<const std::string&>()) : places.end();
      if (place == places.end()) return std::nullopt;
      needs[i].push_back(place->second);
    }
  }
  return needs;
}

void mark(const Needs& needs, std::size_t step, std::vector<bool>& waits_for) {
  for (const std::size_t need : needs[step]) {
    if (waits_for[need]) continue;
    waits_for[need] = true;
    mark(needs, need, waits_for);
  }
}

}  // namespace

StepOrder::StepOrder(const Json& root) {
  if (!root.is_object() || !root.contains("steps") || !root["steps"].is_array()) return;
  const Json& steps = root["steps"];
  bool are_unique = true;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool has_name = steps[i].is_object() && steps[i].contains("name") && steps[i]["name"].is_string();
    name_at_.push_back(has_name ? steps[i]["name"].get<std::string>() : std::string());
    if (!has_name) continue;
    names_.push_back(name_at_.back());
    are_unique = places_.emplace(name_at_.back(), i).second && are_unique;
  }
  is_in_list_order_ = std::none_of(steps.begin(), steps.end(),
                                   [](const Json& step) { return step.is_object() && step.contains("needs"); });
  if (!are_unique || steps.size() > limits::kSteps) return;
  auto needs = read_needs(steps, places_);
  if (!needs) return;
  if (is_in_list_order_)
    for (std::size_t i = 1; i < needs->size(); ++i) (*needs)[i] = {i - 1};
  bool has_cycle = false;
  waits_for_.assign(steps.size(), std::vector<bool>(steps.size()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    mark(*needs, i, waits_for_[i]);
    has_cycle = has_cycle || waits_for_[i][i];
  }
  if (has_cycle) waits_for_.clear();
}

std::string StepOrder::why_unseen(std::size_t step, std::string_view other) const {
  const auto found = places_.find(other);
  if (waits_for_.empty() || found == places_.end() || waits_for_[step][found->second]) return {};
  const auto quoted = [](std::string_view name) { return "\"" + std::string(name) + "\""; };
  const std::string name = quoted(name_at_[step]);
  if (found->second == step) return "step " + name + " does not see what it gives itself";
  if (waits_for_[found->second][step])
    return "step " + name + " begins before step " + quoted(other) + " has ended, since " +
           (is_in_list_order_ ? std::string("steps run in list order") : quoted(other) + " needs it");
  return "step " + name + " does not wait for step " + quoted(other) + ": add " + quoted(other) + " to its needs";
}

}  // namespace troupe
