#include "troupe/port/gateway.hpp"

#include <array>

namespace troupe {
namespace {

constexpr std::array<std::string_view, 5> kRoles = {"viewer", "client", "worker", "operator", "admin"};

}  // namespace

std::string_view review_status_text(ReviewStatus status) {
  constexpr std::array<std::string_view, 3> kTexts = {"pending", "approved", "rejected"};
  return kTexts.at(static_cast<std::size_t>(status));
}

std::string_view actor_condition_text(ActorCondition condition) {
  constexpr std::array<std::string_view, 4> kTexts = {"running", "unresponsive", "restarting", "given_up"};
  return kTexts.at(static_cast<std::size_t>(condition));
}

std::string_view role_text(Role role) { return kRoles.at(static_cast<std::size_t>(role)); }

std::optional<Role> role_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kRoles.size(); ++i)
    if (kRoles[i] == text) return static_cast<Role>(i);
  return std::nullopt;
}

std::string child_job_key(const TaskKey& task) {
  std::string key = to_string(task.run);
  for (const std::uint32_t part : {std::uint32_t{task.step}, task.item, std::uint32_t{task.attempt}})
    key += "/" + std::to_string(part);
  return task.compensation ? key + "/undo" : key;
}

}  // namespace troupe
