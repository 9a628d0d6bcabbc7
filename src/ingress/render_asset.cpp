#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void number_or_null(JsonWriter& json, std::string_view name, std::uint64_t value) {
  if (value == 0)
    json.null(name);
  else
    json.number(name, value);
}

}  // namespace

void write_asset(JsonWriter& json, const AssetRow& asset, ReviewStatus status, std::string_view base) {
  const std::string url = std::string(base) + "/v1/assets/" + to_string(asset.id) + "/content";
  json.begin_object();
  json.text("id", to_string(asset.id));
  json.text("run_id", to_string(asset.run));
  json.text("step", asset.step);
  json.number("item", asset.item);
  json.number("ordinal", asset.ordinal);
  json.text("name", asset.name);
  json.text("uri", url);
  json.text("url", url);
  json.text("media_type", asset.media_type);
  json.number("bytes", asset.bytes);
  json.text("sha256", to_hex(asset.sha256));
  number_or_null(json, "width", asset.width);
  number_or_null(json, "height", asset.height);
  json.text("status", review_status_text(status));
  json.null("notes");
  json.time("created_at", asset.created_at);
  json.end_object();
}

void write_asset(JsonWriter& json, const AssetRow& asset, const RunView& run, std::string_view base) {
  const auto decided = run.asset_status.find(asset.id);
  write_asset(json, asset, decided == run.asset_status.end() ? ReviewStatus::pending : decided->second, base);
}

std::string render_asset(const AssetView& asset, std::string_view base) {
  JsonWriter json;
  write_asset(json, asset.row, asset.status, base);
  return json.take();
}

}  // namespace troupe::ingress
