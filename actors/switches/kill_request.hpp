// What a kill switch asks of a run: to end, for the operator's reason.
#pragma once

#include "actors/protocol/messages.hpp"

namespace troupe {

inline CommandRequestPtr kill_request(const KillSwitch& by, Reply<JobChange> reply) {
  const Error error = engaged_error(by);
  auto request = std::make_shared<CommandRequest>();
  request->command = CancelRun{error.message, error.code};
  request->actor = by.engaged_by;
  request->reply = std::move(reply);
  return request;
}

}  // namespace troupe
