#include "ingress/content_reader.hpp"

#include <utility>

namespace troupe::ingress {
namespace {

// Logs are at most a few MiB, so that a stream's queue (limits::kStreamBytes) takes all of them.
constexpr std::size_t kPieceBytes = 64 << 10;

bool send_all(BlobSource& source, Stream& stream) {
  for (std::uint64_t offset = 0; offset < source.size();) {
    auto piece = source.read(offset, kPieceBytes);
    if (!piece || piece->empty()) return false;
    offset += piece->size();
    if (!stream.send(std::move(*piece))) return false;
  }
  return true;
}

}  // namespace

void ContentReader::send(std::shared_ptr<BlobSource> source, std::shared_ptr<Stream> stream,
                         std::function<void(bool)> done) {
  thread_.run([source = std::move(source), stream = std::move(stream), done = std::move(done)] {
    done(send_all(*source, *stream));
  });
}

}  // namespace troupe::ingress
