#include "ingress/chunked_stream.hpp"

#include <charconv>

#include "troupe/base/limits.hpp"

namespace troupe::ingress {
namespace {

void append_chunk(std::string& out, const std::string& bytes) {
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
    if (waiting_.size() < limits::kEventQueue) {
      waiting_.push_back(std::move(bytes));
    } else {
      state_ = State::overflowed;
      waiting_.clear();
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
  while (!waiting_.empty() && out.size() < bytes_max) {
    if (chunked) {
      append_chunk(out, waiting_.front());
    } else {
      out += waiting_.front();
    }
    waiting_.pop_front();
  }
  awaited_ = !waiting_.empty();
  if (!waiting_.empty()) return Ending::more;
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
    waiting_.clear();
    handler = std::exchange(on_close_, nullptr);
  }
  if (handler) handler();
}

void ChunkedStream::wake() { mailbox_->put({connection_, exchange_, StreamReady{}}); }

}  // namespace troupe::ingress
