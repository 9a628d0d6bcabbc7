#include "ingress/chunked_stream.hpp"

#include <charconv>

#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

void append_chunk(std::string& out, std::string_view bytes) {
  char digits[16];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), bytes.size(), 16).ptr;
  out.append(digits, end);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace

bool ChunkedStream::send(std::string bytes) {
  bool wakes = false, accepted = true;
  {
    std::lock_guard lock(mutex_);
    if (state_ != State::open) return false;
    if (bytes.empty()) return true;  // an empty chunk would end the body
    // What alone is larger than the bound passes if nothing else waits.
    if (waiting_.size() == taken_ || waiting_.size() - taken_ + bytes.size() <= limits::kStreamBytes) {
      waiting_ += bytes;
    } else {
      state_ = State::overflowed;
      waiting_ = {};
      taken_ = 0;
      accepted = false;
    }
    // An overflow is told even if the loop has been woken: it may be waiting for the client, not for us.
    wakes = !std::exchange(awaited_, true) || !accepted;
  }
  if (wakes) wake();
  return accepted;
}

void ChunkedStream::close() {
  bool wakes = false;
  {
    std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    state_ = State::closed;
    wakes = !std::exchange(awaited_, true);
  }
  if (wakes) wake();
}

void ChunkedStream::on_close(std::function<void()> handler) {
  {
    std::lock_guard lock(mutex_);
    on_close_ = std::move(handler);
    if (state_ != State::over) return;
  }
  // The handler belongs on the loop, and not into its caller's call.
  mailbox_->put({connection_, exchange_, StreamOver{shared_from_this()}});
}

ChunkedStream::Ending ChunkedStream::take(std::string& out, bool chunked, std::size_t bytes_max) {
  std::lock_guard lock(mutex_);
  if (state_ == State::overflowed) return Ending::overflowed;
  if (taken_ < waiting_.size() && out.size() < bytes_max) {
    const auto piece = std::string_view(waiting_).substr(taken_, bytes_max - out.size());
    if (chunked) {
      append_chunk(out, piece);
    } else {
      out += piece;
    }
    taken_ += piece.size();
  }
  awaited_ = taken_ < waiting_.size();
  if (awaited_) return Ending::more;
  waiting_.clear();
  taken_ = 0;
  return state_ == State::closed ? Ending::closed : Ending::none;
}

bool ChunkedStream::overflowed() {
  std::lock_guard lock(mutex_);
  return state_ == State::overflowed;
}

void ChunkedStream::end() {
  std::function<void()> handler;
  {
    std::lock_guard lock(mutex_);
    state_ = State::over;
    waiting_ = {};
    taken_ = 0;
    handler = std::exchange(on_close_, nullptr);
  }
  if (handler) handler();
}

void ChunkedStream::wake() { mailbox_->put({connection_, exchange_, StreamReady{}}); }

}  // namespace troupe::ingress
