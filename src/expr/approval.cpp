#include "expr/approval.hpp"

#include <algorithm>

namespace troupe {
namespace {

Error wrong(const std::string& pointer, std::string_view reason) {
  return {ErrorCode::invalid_config, pointer + ": " + std::string(reason), false, {}};
}

/// An asset as steps give it, or its id alone.
std::optional<AssetId> asset_id(const Json& asset) {
  const Json* id = &asset;
  if (asset.is_object()) {
    const auto member = asset.find("id");
    if (member == asset.end()) return std::nullopt;
    id = &*member;
  }
  return id->is_string() ? parse_id<AssetId>(id->get_ref<const std::string&>()) : std::nullopt;
}

Result<std::uint32_t> number(const Json& config, const char* name, std::uint32_t most) {
  const auto member = config.find(name);
  if (member == config.end()) return std::uint32_t{1};
  if (!member->is_number_integer() || *member < 1 || *member > most)
    return wrong(std::string("/") + name, "must be a whole number from 1 to " + std::to_string(most));
  return member->get<std::uint32_t>();
}

Json with_status(const Json& asset, const char* status) {
  Json shown = asset.is_object() ? asset : Json{{"id", asset}};
  shown["status"] = status;
  return shown;
}

}  // namespace

Result<ReadApproval> read_approval(const Json& config) {
  ReadApproval read;
  const auto assets = config.find("assets");
  if (assets == config.end() || !assets->is_array()) return wrong("/assets", "must be a list of assets");
  if (assets->empty()) return wrong("/assets", "is empty: there is nothing to approve");
  if (assets->size() > limits::kApprovalAssets)
    return wrong("/assets", "has " + std::to_string(assets->size()) + " assets; at most " +
                                std::to_string(limits::kApprovalAssets) + " are allowed");
  for (std::size_t i = 0; i < assets->size(); ++i) {
    const std::string pointer = "/assets/" + std::to_string(i);
    const auto id = asset_id((*assets)[i]);
    if (!id) return wrong(pointer, "must be an asset, with its id");
    if (std::find(read.ask.assets.begin(), read.ask.assets.end(), *id) != read.ask.assets.end())
      return wrong(pointer, "is in the list twice");
    read.ask.assets.push_back(*id);
    read.assets.push_back((*assets)[i]);
  }
  ApprovalTerms& terms = read.ask.terms;
  terms.assets = static_cast<std::uint32_t>(assets->size());
  const auto min_approved = number(config, "min_approved", terms.assets);
  if (!min_approved) return min_approved.error();
  terms.min_approved = *min_approved;
  const auto min_approvers = number(config, "min_approvers", limits::kApproversMax);
  if (!min_approvers) return min_approvers.error();
  terms.min_approvers = *min_approvers;
  if (const auto member = config.find("on_expiry"); member != config.end()) {
    const auto on_expiry =
        member->is_string() ? on_expiry_from_text(member->get_ref<const std::string&>()) : std::nullopt;
    if (!on_expiry) return wrong("/on_expiry", "must be fail, approve, reject or skip");
    terms.on_expiry = *on_expiry;
  }
  return read;
}

Json approval_outputs(const ReadApproval& approval, const Bitmap& approved, const Bitmap& rejected, bool expired,
                      const std::vector<Review>& reviews) {
  Json outputs = {{"approved", Json::array()}, {"rejected", Json::array()}, {"decisions", Json::array()}};
  for (std::uint32_t i = 0; i < approval.assets.size(); ++i) {
    if (approved.test(i)) outputs["approved"].push_back(with_status(approval.assets[i], "approved"));
    if (rejected.test(i)) outputs["rejected"].push_back(with_status(approval.assets[i], "rejected"));
  }
  for (const Review& review : reviews) {
    outputs["decisions"].push_back({{"asset_id", to_string(review.asset)},
                                    {"reviewer", review.reviewer},
                                    {"decision", review.approved ? "approved" : "rejected"},
                                    {"notes", review.notes},
                                    {"decided_at", format_rfc3339(review.at)}});
  }
  if (expired) outputs["expired"] = true;
  return outputs;
}

}  // namespace troupe
