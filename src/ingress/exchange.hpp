// One request on its way through its route: everything known about it, and the means to answer. Shared by the reply
// functions that the route hands to the gateway; those run on any thread, but one after another.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "ingress/api.hpp"
#include "ingress/http.hpp"
#include "ingress/query.hpp"
#include "ingress/route.hpp"
#include "troupe/base/clock.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe::ingress {

class ContentReader;
class BatchLane;

struct Exchange {
  Gateway& gateway;
  Clock& clock;
  const ApiOptions& options;
  ContentReader& reader;
  BatchLane& batches;
  Request request;
  std::shared_ptr<Responder> responder;
  const Route* route = nullptr;
  std::vector<std::string> path;  ///< what stood at the `{…}` of the route's path
  Query query;
  Caller caller;
  Json body;  ///< of routes that take JSON; null where it was optional and absent

  void respond(Response response) { responder->respond(std::move(response)); }
  void json(int status, std::string text, Headers headers = {});
  void fail(const Error& error);
  void fail(ErrorCode code, std::string message) { fail(Error{code, std::move(message), false, {}}); }
  /// The kept answer of an Idempotency-Key, once more.
  void replay(const KeptAnswer& kept);

  /// A path as a link: absolute where the server knows its public address.
  std::string link(std::string_view target) const { return options.public_url + std::string(target); }

  /// The client whose things are asked for: the credential's, else `?client_id=`. `forbidden` when both differ.
  Result<std::optional<std::string>> client();
  /// What the path's first `{…}` names. Fails with invalid_id, forbidden.
  Result<JobRef> job_ref();
  /// Same for a run or an asset, which have no other name than their UUID.
  template <class AnyId>
  Result<AnyId> id() const {
    if (auto id = parse_id<AnyId>(path.at(0))) return *id;
    return {ErrorCode::invalid_id, "The id in the path is not a UUID."};
  }

  /// The body of a change, for its Idempotency-Key: canonical, `{}` where it was absent.
  std::string payload() const { return body.is_null() ? "{}" : canonical_json(body); }
  /// The Idempotency-Key of this request, if there is one; `payload` is what must not differ when it comes again.
  Result<std::optional<IdempotencyKey>> idempotency(std::string_view client, std::string_view payload) const;
};

/// A job as a text names it: a UUID or a client's own job_id.
Result<JobRef> parse_job_ref(std::string_view text, std::optional<std::string> client);

/// For reply functions: answers a failure, and tells whether there is a value to go on with.
template <class T>
bool succeeded(const ExchangePtr& exchange, const Result<T>& result) {
  if (!result) exchange->fail(result.error());
  return result.ok();
}

}  // namespace troupe::ingress
