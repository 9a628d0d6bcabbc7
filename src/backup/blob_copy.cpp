#include "backup/blob_copy.hpp"

#include <functional>

#include "crypto/hash.hpp"

namespace troupe::backup {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

std::string wrong_size(std::uint64_t bytes, const BlobInfo& blob) {
  return "the blob has " + std::to_string(bytes) + " bytes, should have " + std::to_string(blob.bytes);
}

std::string wrong_digest(const Digest& found) { return "the blob is damaged: its SHA-256 is " + to_hex(found); }

/// Hands over the blob piece by piece. What is wrong with reading it, or "".
std::string read_blob(BlobStore& blobs, const BlobInfo& blob, const std::function<bool(std::string_view)>& each) {
  const auto source = blobs.open(blob.sha256);
  if (!source) return source.error().message + " (" + blobs.location(blob.sha256) + ")";
  const std::uint64_t size = (*source)->size();
  if (size != blob.bytes) return wrong_size(size, blob);
  for (std::uint64_t offset = 0; offset < size; offset += kPieceBytes) {
    const auto piece = (*source)->read(offset, kPieceBytes);
    if (!piece) return piece.error().message;
    if (!each(*piece)) break;
  }
  return {};
}

}  // namespace

Result<std::string> copy_blob(BlobStore& from, BlobStore& to, const BlobInfo& blob) {
  auto sink = to.create();
  if (!sink) return sink.error();
  Result<Done> written = Done{};
  std::string fault = read_blob(from, blob, [&](std::string_view piece) {
    written = (*sink)->write(piece);
    return written.ok();
  });
  if (!written) return written.error();
  if (!fault.empty()) return fault;
  const auto copy = (*sink)->finish();
  if (!copy) return copy.error();
  return copy->sha256 == blob.sha256 ? std::string() : wrong_digest(copy->sha256);
}

std::string check_blob(BlobStore& blobs, const BlobInfo& blob) {
  Sha256 hash;
  std::string fault = read_blob(blobs, blob, [&](std::string_view piece) {
    hash.update(piece);
    return true;
  });
  if (!fault.empty()) return fault;
  const Digest found = hash.finish();
  return found == blob.sha256 ? std::string() : wrong_digest(found);
}

std::string blob_list_line(const Digest& sha256) {
  const std::string hex = to_hex(sha256);
  return hex + "  blobs/" + hex.substr(0, 2) + '/' + hex.substr(2) + '\n';
}

std::optional<Digest> read_blob_list_line(std::string_view line) {
  const auto digest = digest_from_hex(line.substr(0, 64));
  if (!digest || blob_list_line(*digest) != std::string(line) + '\n') return std::nullopt;
  return digest;
}

}  // namespace troupe::backup
