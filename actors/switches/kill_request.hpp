// What a kill switch asks of a run: to end, for the operator's reason.
#pragma once

#include "actors/protocol/messages.hpp"

namespace troupe {

inline CancelRequestPtr kill_request(const KillSwitch& by, Reply<JobChange> reply) {
  const Error error = engaged_error(by);
  auto request = std::make_shared<CancelRequest>();
  request->reason = error.message;
  request->code = error.code;
  request->actor = by.engaged_by;
  request->reply = std::move(reply);
  return request;
}

}  // namespace troupe
