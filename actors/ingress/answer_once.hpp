// A reply that is given in any case: whoever drops it unanswered, because it crashed or the node stops, answers by
// that.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "actors/protocol/node_context.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

template <class T>
class AnswerOnce {
 public:
  AnswerOnce(const NodeHealth& health, Reply<T> reply) : health_(health), reply_(std::move(reply)) {}
  AnswerOnce(const AnswerOnce&) = delete;
  AnswerOnce& operator=(const AnswerOnce&) = delete;
  ~AnswerOnce() {
    if (answered_) return;
    if (health_.stopping)
      reply_(Error{ErrorCode::not_ready, "the server is stopping", true, {}});
    else
      reply_(Error{ErrorCode::internal, "what the request was at has crashed; the log tells more", true, {}});
  }

  void answer(Result<T> result) {
    if (!answered_.exchange(true)) reply_(std::move(result));
  }

 private:
  const NodeHealth& health_;
  const Reply<T> reply_;
  std::atomic<bool> answered_{false};
};

/// `health` outlives the reply.
template <class T>
Reply<T> answered_in_any_case(const NodeHealth& health, Reply<T> reply) {
  return [once = std::make_shared<AnswerOnce<T>>(health, std::move(reply))](Result<T> result) {
    once->answer(std::move(result));
  };
}

}  // namespace troupe
