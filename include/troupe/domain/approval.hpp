// What people decide about images, and what an `approval` step makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"
#include "troupe/domain/bitmap.hpp"
#include "troupe/domain/workflow.hpp"

namespace troupe {

/// A reviewer's word about one image.
struct Review {
  AssetId asset;
  std::string reviewer;
  bool approved = false;
  std::string notes;
  Timestamp at = kNever;
  bool operator==(const Review&) const = default;
};

/// The numbers are stored.
enum class OnExpiry : std::uint8_t { fail = 0, approve = 1, reject = 2, skip = 3 };
std::string_view on_expiry_text(OnExpiry on_expiry);
std::optional<OnExpiry> on_expiry_from_text(std::string_view text);

/// What an approval asks for. An image is approved by so many reviewers, and rejected by one.
struct ApprovalTerms {
  std::uint32_t assets = 0;
  std::uint32_t min_approved = 1;
  std::uint32_t min_approvers = 1;
  OnExpiry on_expiry = OnExpiry::fail;
  bool operator==(const ApprovalTerms&) const = default;
};

/// An approval under way: of a live item.
struct ApprovalState {
  StepIndex step = 0;
  ItemIndex item = 0;
  ApprovalTerms terms;
  std::vector<Bitmap> approvals;  ///< [n]: the images that more than n reviewers approve
  Bitmap rejected;

  /// One reviewer's word about the image at this place.
  void count(std::uint32_t image, bool is_approved);
  Bitmap approved() const;  ///< those that enough approve and nobody rejects
  bool operator==(const ApprovalState&) const = default;
};

}  // namespace troupe
