// Which steps have ended for certain when another begins, read before the definition is: so that an expression that
// could only see nothing is told where it stands.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.hpp"

namespace troupe {

class StepOrder {
 public:
  StepOrder() = default;
  /// Of a definition in any shape: its faults are others' to tell.
  explicit StepOrder(const Json& root);

  /// Of all steps that have one.
  const std::vector<std::string>& names() const { return names_; }
  /// Why the step at this place of the list sees nothing of another one; empty where it may.
  std::string why_unseen(std::size_t step, std::string_view other) const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::vector<std::string> name_at_;          ///< by place, empty for a step without
  std::vector<std::vector<bool>> waits_for_;  ///< [step][other]; empty where nobody can say
  bool is_in_list_order_ = true;
};

}  // namespace troupe
