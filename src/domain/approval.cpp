#include "troupe/domain/approval.hpp"

#include <array>

namespace troupe {
namespace {

constexpr std::array<std::string_view, 4> kExpiries = {"fail", "approve", "reject", "skip"};

}  // namespace

std::string_view on_expiry_text(OnExpiry on_expiry) { return kExpiries.at(static_cast<std::size_t>(on_expiry)); }

std::optional<OnExpiry> on_expiry_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kExpiries.size(); ++i)
    if (kExpiries[i] == text) return static_cast<OnExpiry>(i);
  return std::nullopt;
}

void ApprovalState::count(std::uint32_t image, bool is_approved) {
  if (!is_approved) return rejected.set(image);
  for (Bitmap& level : approvals)
    if (!level.test(image)) return level.set(image);
  if (approvals.size() < terms.min_approvers) approvals.emplace_back().set(image);
}

Bitmap ApprovalState::approved() const {
  Bitmap approved;
  if (approvals.size() < terms.min_approvers) return approved;
  for (std::uint32_t i = 0; i < terms.assets; ++i)
    if (approvals[terms.min_approvers - 1].test(i) && !rejected.test(i)) approved.set(i);
  return approved;
}

}  // namespace troupe
