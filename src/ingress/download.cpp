#include "ingress/download.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace troupe::ingress {

Download::Download(Response response, ServerContext& context, std::shared_ptr<Mailbox> mailbox,
                   std::weak_ptr<Connection> connection, std::uint64_t exchange)
    : response_(std::move(response)),
      context_(context),
      mailbox_(std::move(mailbox)),
      connection_(std::move(connection)),
      exchange_(exchange),
      offset_(response_.content->offset),
      end_(offset_ + response_.content->length) {
  read_next();
}

void Download::read_next() {
  if (offset_ == end_) return;
  asked_ = static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end_ - offset_));
  reading_ = true;
  boost::asio::post(context_.content_readers, [source = response_.content->source, offset = offset_, count = asked_,
                                               mailbox = mailbox_, connection = connection_, exchange = exchange_] {
    if (connection.expired()) return;
    mailbox->put({connection, exchange, Piece{source->read(offset, count)}});
  });
  offset_ += asked_;
}

bool Download::accept(Result<std::string>& bytes) {
  reading_ = false;
  if (!bytes || bytes->size() != asked_) return false;
  ready_ = std::move(*bytes);
  return true;
}

std::optional<std::string> Download::take() {
  if (!ready_) return std::nullopt;
  auto piece = std::exchange(ready_, std::nullopt);
  started_ = true;
  read_next();
  return piece;
}

}  // namespace troupe::ingress
