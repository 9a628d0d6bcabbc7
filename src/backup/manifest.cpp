#include "backup/manifest.hpp"

#include <array>
#include <fstream>
#include <sstream>

#include "codec/json.hpp"

namespace troupe::backup {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {"uuid", "integer", "text", "bytes"};  // by FieldType

Json part_to_json(const PartInfo& part) { return {{"bytes", part.bytes}, {"sha256", to_hex(part.sha256)}}; }

PartInfo part_from_json(const Json& json) {
  const auto digest = digest_from_hex(json.at("sha256").get<std::string>());
  if (!digest) throw std::invalid_argument("sha256 is no digest");
  return {json.at("bytes").get<std::uint64_t>(), *digest};
}

Json to_json(const TablePart& table) {
  Json json = part_to_json(table.file);
  json["name"] = table.schema.name;
  json["rows"] = table.rows;
  for (const FieldSchema& field : table.schema.fields)
    json["fields"].push_back({{"name", field.name}, {"type", kTypes.at(static_cast<std::size_t>(field.type))}});
  return json;
}

TablePart table_from_json(const Json& json) {
  TablePart table;
  table.schema.name = json.at("name").get<std::string>();
  for (const Json& field : json.at("fields")) {
    const auto type = std::find(kTypes.begin(), kTypes.end(), field.at("type").get<std::string>());
    if (type == kTypes.end()) throw std::invalid_argument("a field has no known type");
    table.schema.fields.push_back({field.at("name").get<std::string>(), static_cast<FieldType>(type - kTypes.begin())});
  }
  table.rows = json.at("rows").get<std::uint64_t>();
  table.file = part_from_json(json);
  return table;
}

Json to_json(const Manifest& manifest) {
  Json json = {{"format", manifest.format},
               {"version", manifest.version},
               {"created_at", format_rfc3339(manifest.created_at)},
               {"store", manifest.store},
               {"schema_version", manifest.schema_version},
               {"tables", Json::array()},
               {"blobs", part_to_json(manifest.blob_list)}};
  for (const TablePart& table : manifest.tables) json["tables"].push_back(to_json(table));
  json["blobs"]["count"] = manifest.blobs;
  json["blobs"]["blob_bytes"] = manifest.blob_bytes;
  json["blobs"]["missing"] = manifest.blobs_missing;
  return json;
}

Manifest from_json(const Json& json) {
  Manifest manifest;
  manifest.version = json.at("version").get<std::string>();
  manifest.created_at = parse_rfc3339(json.at("created_at").get<std::string>()).value_or(kNever);
  manifest.store = json.at("store").get<std::string>();
  manifest.schema_version = json.at("schema_version").get<std::int64_t>();
  for (const Json& table : json.at("tables")) manifest.tables.push_back(table_from_json(table));
  const Json& blobs = json.at("blobs");
  manifest.blob_list = part_from_json(blobs);
  manifest.blobs = blobs.at("count").get<std::uint64_t>();
  manifest.blob_bytes = blobs.at("blob_bytes").get<std::uint64_t>();
  manifest.blobs_missing = blobs.at("missing").get<std::uint64_t>();
  return manifest;
}

Error unreadable(const std::string& path, const std::string& why) {
  return {ErrorCode::store_corrupt, path + ": " + why, false, {}};
}

}  // namespace

std::string manifest_path(const std::string& folder) { return folder + "/manifest.json"; }
std::string rows_path(const std::string& folder, const std::string& table) {
  return folder + "/tables/" + table + ".rows";
}
std::string blob_list_path(const std::string& folder) { return folder + "/blobs.sha256"; }
std::string blobs_path(const std::string& folder) { return folder + "/blobs"; }

std::string encode(const Manifest& manifest) {
  const Json json = to_json(manifest);
  return to_text({{"manifest", json}, {"sha256", to_hex(sha256(canonical_json(json)))}}) + '\n';
}

Result<Manifest> read_manifest(const std::string& folder) {
  const std::string path = manifest_path(folder);
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return {ErrorCode::not_found, path + " cannot be read: " + folder + " is no backup, or one that was interrupted"};
  std::ostringstream text;
  text << file.rdbuf();
  if (!text.str().ends_with('\n')) return unreadable(path, "its end is missing");
  const auto page = parse_json(text.str());
  if (!page) return unreadable(path, page.error().message);
  try {
    const Json& manifest = page->at("manifest");
    if (page->at("sha256") != to_hex(sha256(canonical_json(manifest))))
      return unreadable(path, "its content does not have the SHA-256 that it names");
    if (const int format = manifest.at("format").get<int>(); format > kFormat)
      return {ErrorCode::store_newer, path + ": the backup has format " + std::to_string(format) +
                                          ", this binary knows " + std::to_string(kFormat)};
    return from_json(manifest);
  } catch (const std::exception& wrong) {  // of the JSON library, for a member that is missing or of another type
    return unreadable(path, wrong.what());
  }
}

}  // namespace troupe::backup
