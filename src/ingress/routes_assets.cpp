// Files that steps made: what is known of them, their bytes, a small picture.
#include <array>
#include <utility>

#include "crypto/hash.hpp"
#include "ingress/exchange.hpp"
#include "ingress/render.hpp"
#include "ingress/request_headers.hpp"

namespace troupe::ingress {
namespace {

constexpr std::string_view kForever = "private, max-age=31536000, immutable";

/// Shown in the page by browsers, and unable to run scripts there. Everything else is offered for saving.
bool shown_inline(std::string_view type) {
  constexpr std::array<std::string_view, 12> kSafe = {"image/png",  "image/jpeg", "image/gif",  "image/webp",
                                                      "image/avif", "video/mp4",  "video/webm", "audio/mpeg",
                                                      "audio/ogg",  "audio/wav",  "text/plain", "application/pdf"};
  for (auto safe : kSafe)
    if (type == safe) return true;
  return false;
}

/// RFC 6266: an ASCII form for old clients, and the true name percent-encoded.
std::string content_disposition(const AssetRow& asset) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::string name = asset.name.empty() ? to_string(asset.id) : asset.name;
  std::string ascii, encoded;
  for (char c : name) {
    const bool plain = kPlain.find(c) != std::string_view::npos;
    ascii += plain || c == ' ' ? c : '_';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 0x0F]);
    }
  }
  std::string value = shown_inline(asset.media_type) ? "inline" : "attachment";
  value += "; filename=\"" + ascii + "\"";
  if (encoded != ascii) value += "; filename*=UTF-8''" + encoded;
  return value;
}

Headers content_headers(const AssetRow& asset, const std::string& etag) {
  const bool valid_type = asset.media_type.find_first_of("\r\n") == std::string::npos && !asset.media_type.empty();
  return {{"Content-Type", valid_type ? asset.media_type : "application/octet-stream"},
          {"ETag", etag},
          {"Accept-Ranges", "bytes"},
          {"Cache-Control", std::string(kForever)},
          {"Content-Disposition", content_disposition(asset)},
          {"X-Content-Type-Options", "nosniff"},
          // What a step made is not to be trusted with this origin.
          {"Content-Security-Policy", "default-src 'none'; sandbox"}};
}

bool is_not_modified(const Request& request, std::string_view etag) {
  const auto header = request.header("if-none-match");
  return header && names_etag(*header, etag);
}

/// The range that is to be sent, if any: of a GET, and only if If-Range (where given) still names this content.
Result<std::optional<ByteRange>> wanted_range(const Request& request, std::string_view etag, std::uint64_t size) {
  const auto range = request.header("range");
  const auto only_if = request.header("if-range");
  if (!range || request.method != "GET" || (only_if && *only_if != etag)) return std::optional<ByteRange>();
  return byte_range(*range, size);
}

void respond_not_modified(const ExchangePtr& exchange, const std::string& etag) {
  Response response;
  response.status = 304;
  response.headers = {{"ETag", etag}, {"Cache-Control", std::string(kForever)}};
  exchange->respond(std::move(response));
}

void send_content(const ExchangePtr& exchange, const AssetRow& asset) {
  const std::string etag = "\"" + to_hex(asset.sha256) + "\"";
  if (is_not_modified(exchange->request, etag)) return respond_not_modified(exchange, etag);
  const auto range = wanted_range(exchange->request, etag, asset.bytes);
  if (!range) {
    Response response = render_problem(range.error(), exchange->request.request_id);
    response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(asset.bytes));
    return exchange->respond(std::move(response));
  }
  exchange->gateway.content(asset.sha256, [=, range = *range](Result<std::shared_ptr<BlobSource>> source) {
    if (!succeeded(exchange, source)) return;
    Response response;
    response.headers = content_headers(asset, etag);
    response.content = Response::Content{*source, 0, (*source)->size()};
    if (range) {
      response.status = 206;
      response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->offset) + "-" +
                                                         std::to_string(range->offset + range->length - 1) + "/" +
                                                         std::to_string(asset.bytes));
      response.content->offset = range->offset;
      response.content->length = range->length;
    }
    exchange->respond(std::move(response));
  });
}

void get_asset(const ExchangePtr& exchange) {
  const auto id = exchange->id<AssetId>();
  if (!id) return exchange->fail(id.error());
  exchange->gateway.asset(exchange->caller, *id, [exchange](Result<AssetView> asset) {
    if (succeeded(exchange, asset)) exchange->json(200, render_asset(*asset, exchange->options.public_url));
  });
}

void get_content(const ExchangePtr& exchange) {
  const auto id = exchange->id<AssetId>();
  if (!id) return exchange->fail(id.error());
  exchange->gateway.asset(exchange->caller, *id, [exchange](Result<AssetView> asset) {
    if (succeeded(exchange, asset)) send_content(exchange, asset->row);
  });
}

void get_thumbnail(const ExchangePtr& exchange) {
  const auto id = exchange->id<AssetId>();
  if (!id) return exchange->fail(id.error());
  exchange->gateway.thumbnail(exchange->caller, *id, [exchange](Result<std::string> png) {
    if (!succeeded(exchange, png)) return;
    const std::string etag = "\"" + to_hex(sha256(*png)) + "\"";
    if (is_not_modified(exchange->request, etag)) return respond_not_modified(exchange, etag);
    Response response;
    response.headers = {{"Content-Type", "image/png"},
                        {"ETag", etag},
                        {"Cache-Control", std::string(kForever)},
                        {"X-Content-Type-Options", "nosniff"}};
    response.body = std::move(*png);
    exchange->respond(std::move(response));
  });
}

constexpr Parameter kIfNoneMatch = {"If-None-Match", R"({"type":"string"})",
                                    "The ETag that is known: 304 if it still holds."};
constexpr Answer kNotModified = {304, "What the client has still holds.", "", ""};

}  // namespace

std::vector<Route> asset_routes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/assets/{id}",
                    .id = "getAsset",
                    .tag = "Assets",
                    .summary = "What is known of a file",
                    .description = "",
                    .role = Role::viewer,
                    .handle = get_asset,
                    .answers = {{200, "The asset.", "Asset"}}});
  routes.push_back(
      {.method = "GET",
       .path = "/v1/assets/{id}/content",
       .id = "getAssetContent",
       .tag = "Assets",
       .summary = "The bytes of a file",
       .description = "Answers HEAD too. One range at a time; the ETag is the SHA-256 of the content.",
       .role = Role::viewer,
       .handle = get_content,
       .headers = {{"Range", R"({"type":"string","examples":["bytes=0-1023"]})", "One range of bytes."},
                   {"If-Range", R"({"type":"string"})", "Send the range only if the content still has this ETag."},
                   kIfNoneMatch},
       .answers = {{200, "All of it.", "", "*/*"}, {206, "The range.", "", "*/*"}, kNotModified},
       .errors = {ErrorCode::range_not_satisfiable}});
  routes.push_back({.method = "GET",
                    .path = "/v1/assets/{id}/thumbnail",
                    .id = "getAssetThumbnail",
                    .tag = "Assets",
                    .summary = "A small picture of it",
                    .description = "A PNG of at most 512 pixels a side.",
                    .role = Role::viewer,
                    .handle = get_thumbnail,
                    .headers = {kIfNoneMatch},
                    .answers = {{200, "The picture.", "", "image/png"}, kNotModified}});
  return routes;
}

}  // namespace troupe::ingress
