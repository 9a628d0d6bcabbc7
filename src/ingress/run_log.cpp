#include "ingress/run_log.hpp"

#include <algorithm>
#include <utility>

#include "ingress/content_reader.hpp"
#include "ingress/live_stream.hpp"
#include "ingress/sse.hpp"

namespace troupe::ingress {
namespace {

/// Bytes that are already in memory.
class TextSource final : public BlobSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    return offset < text_.size() ? text_.substr(static_cast<std::size_t>(offset), count) : std::string();
  }

 private:
  std::string text_;
};

/// Several sources, one behind the other.
class JoinedSource final : public BlobSource {
 public:
  void add(std::shared_ptr<BlobSource> part) {
    size_ += part->size();
    parts_.push_back({size_, std::move(part)});
  }
  std::uint64_t size() const override { return size_; }

  Result<std::string> read(std::uint64_t offset, std::size_t count) override {
    std::string out;
    auto part = std::upper_bound(parts_.begin(), parts_.end(), offset,
                                 [](std::uint64_t at, const Part& candidate) { return at < candidate.end; });
    for (; part != parts_.end() && out.size() < count; ++part) {
      const std::uint64_t begin = part->end - part->source->size();
      auto piece = part->source->read(offset + out.size() - begin, count - out.size());
      if (!piece) return piece;
      out += *piece;
    }
    return out;
  }

 private:
  struct Part {
    std::uint64_t end;
    std::shared_ptr<BlobSource> source;
  };
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

/// Opens piece after piece: the next when the one before is there.
struct LogOpener : std::enable_shared_from_this<LogOpener> {
  ExchangePtr exchange;
  std::vector<LogPiece> pieces;
  Reply<std::shared_ptr<BlobSource>> reply;
  std::size_t next = 0;
  std::shared_ptr<JoinedSource> text = std::make_shared<JoinedSource>();

  void open_next() {
    if (next == std::min(pieces.size(), kLogPieces)) return finish();
    const LogPiece& piece = pieces[next];
    if (!piece.blob) return add(std::shared_ptr<BlobSource>(std::make_shared<TextSource>(piece.text)));
    exchange->gateway.content(*piece.blob, [self = shared_from_this()](Result<std::shared_ptr<BlobSource>> source) {
      self->add(std::move(source));
    });
  }

  void add(Result<std::shared_ptr<BlobSource>> source) {
    const LogPiece& piece = pieces[next];
    if (!source && source.error().code != ErrorCode::not_found) return reply(source.error());
    add_text((next == 0 ? "" : "\n") + log_heading(piece.step, piece.item, piece.attempt));
    if (source)
      text->add(*source);
    else
      add_text("[no longer stored]\n");
    ++next;
    open_next();
  }

  void finish() {
    if (pieces.size() > kLogPieces)
      add_text("\n[" + std::to_string(pieces.size() - kLogPieces) +
               " more attempts wrote something; ask with ?step=]\n");
    reply(std::shared_ptr<BlobSource>(text));
  }

  void add_text(std::string words) { text->add(std::make_shared<TextSource>(std::move(words))); }
};

bool same_attempt(const LogPiece& a, const LogPiece& b) {
  return a.step == b.step && a.item == b.item && a.attempt == b.attempt;
}

template <class Number>
Number number_in(const Json& object, const char* member, Number fallback) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_unsigned() ? found->get<Number>() : fallback;
}

/// Holds live text back until what is stored has been sent, so that both come in order and nothing comes twice.
class LogFollower {
 public:
  LogFollower(std::shared_ptr<LiveStream> live, RunId run, std::string step)
      : live_(std::move(live)), run_(run), step_(std::move(step)) {}

  void on_event(const LiveEventPtr& event) {
    const std::lock_guard lock(mutex_);
    if (event->run != run_ || over_) return;
    if (stored_sent_) return pass(*event);
    if (event->kind != "log" && !event->run_status) return;
    held_bytes_ += event->data.size();
    if (held_bytes_ > limits::kStreamBytes) return end();  // a slow reader, cut off here as it is later
    held_.push_back(event);
  }

  /// Text of these attempts is in the store and must not be told from events too.
  void knows(std::vector<LogPiece> pieces) {
    const std::lock_guard lock(mutex_);
    stored_ = std::move(pieces);
  }

  void on_stored_sent(bool run_had_ended) {
    const std::lock_guard lock(mutex_);
    stored_sent_ = true;
    for (const auto& event : std::exchange(held_, {}))
      if (!over_) pass(*event);
    if (run_had_ended && !over_) end();
  }

 private:
  void pass(const LiveEvent& event) {
    if (event.kind == "log") pass_text(event);
    if (event.run_status && has_ended(*event.run_status)) end();
  }

  void pass_text(const LiveEvent& event) {
    const auto data = parse_json(event.data);
    if (!data || !data->is_object() || !data->contains("text") || !(*data)["text"].is_string()) return;
    LogPiece piece;
    if (data->contains("step") && (*data)["step"].is_string()) piece.step = (*data)["step"].get<std::string>();
    piece.item = number_in<ItemIndex>(*data, "item", 0);
    piece.attempt = number_in<AttemptNumber>(*data, "attempt", 1);
    if (!step_.empty() && piece.step != step_) return;
    for (const LogPiece& stored : stored_)
      if (same_attempt(stored, piece)) return;
    if (!last_ || !same_attempt(*last_, piece))
      live_->send((last_ || !stored_.empty() ? "\n" : "") + log_heading(piece.step, piece.item, piece.attempt));
    last_ = piece;
    live_->send((*data)["text"].get<std::string>());
  }

  void end() {
    over_ = true;
    held_.clear();
    live_->close();
  }

  const std::shared_ptr<LiveStream> live_;
  const RunId run_;
  const std::string step_;
  std::mutex mutex_;
  std::vector<LiveEventPtr> held_;
  std::size_t held_bytes_ = 0;
  std::vector<LogPiece> stored_;
  std::optional<LogPiece> last_;  // the attempt whose text was sent last
  bool stored_sent_ = false;
  bool over_ = false;
};

void keep_step(std::vector<LogPiece>& pieces, const std::string& step) {
  if (!step.empty()) std::erase_if(pieces, [&](const LogPiece& piece) { return piece.step != step; });
}

/// Sends what is stored, then lets the held events go.
void send_stored(const ExchangePtr& exchange, const std::shared_ptr<LiveStream>& live,
                 const std::shared_ptr<LogFollower>& follower, std::vector<LogPiece> pieces, bool run_had_ended) {
  follower->knows(pieces);
  open_log(exchange, std::move(pieces), [=](Result<std::shared_ptr<BlobSource>> text) {
    if (!text) return live->close();
    exchange->reader.send(*text, live->stream(), [=](bool sent) {
      if (sent)
        follower->on_stored_sent(run_had_ended);
      else
        live->close();
    });
  });
}

}  // namespace

std::string log_heading(std::string_view step, ItemIndex item, AttemptNumber attempt) {
  std::string heading = "==> " + std::string(step);
  if (item > 0) heading += ", item " + std::to_string(item);
  return heading + ", attempt " + std::to_string(attempt) + " <==\n";
}

void open_log(const ExchangePtr& exchange, std::vector<LogPiece> pieces, Reply<std::shared_ptr<BlobSource>> reply) {
  auto opener = std::make_shared<LogOpener>();
  opener->exchange = exchange;
  opener->pieces = std::move(pieces);
  opener->reply = std::move(reply);
  opener->open_next();
}

void follow_log(const ExchangePtr& exchange, const RunView& run, std::string step) {
  const auto live = LiveStream::start(exchange, "text/plain; charset=utf-8");
  const auto follower = std::make_shared<LogFollower>(live, run.id, step);
  EventFilter filter;
  filter.job = run.job;
  filter.client_id = exchange->caller.client_id;
  live->subscribe(std::move(filter), std::nullopt,
                  [follower](const LiveEventPtr& event) { follower->on_event(event); });
  // Looked at again after subscribing: a run that ended in between would never tell its end.
  exchange->gateway.run(exchange->caller, run.id, [=](Result<RunView> now) {
    if (!now) return live->close();
    const bool ended = has_ended(now->status);
    exchange->gateway.run_logs(exchange->caller, now->id, [=](Result<std::vector<LogPiece>> pieces) {
      if (!pieces) return live->close();
      keep_step(*pieces, step);
      send_stored(exchange, live, follower, std::move(*pieces), ended);
    });
  });
}

}  // namespace troupe::ingress
