#include "ingress/exchange.hpp"

#include "crypto/hash.hpp"
#include "ingress/request_headers.hpp"

namespace troupe::ingress {

void Exchange::json(int status, std::string text, Headers headers) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(text);
  respond(std::move(response));
}

void Exchange::fail(const Error& error) { respond(render_problem(error, request.request_id)); }

void Exchange::replay(const KeptAnswer& kept) {
  Headers headers{{"Idempotency-Replayed", "true"}};
  // A Location is not kept; what the answer links to as `self` is where it pointed.
  if (const auto answer = parse_json(kept.body); answer && answer->is_object() && answer->contains("links")) {
    const Json& links = (*answer)["links"];
    if (links.is_object() && links.contains("self") && links["self"].is_string())
      headers.emplace_back("Location", links["self"].get<std::string>());
  }
  json(kept.status, kept.body, std::move(headers));
}

Result<std::optional<std::string>> Exchange::client() {
  auto asked = query.text("client_id");
  if (!caller.client_id) return asked;
  if (asked && *asked != *caller.client_id)
    return {ErrorCode::forbidden, "The credential belongs to another client than the one in client_id."};
  return caller.client_id;
}

Result<JobRef> Exchange::job_ref() {
  auto client_id = client();
  if (!client_id) return client_id.error();
  return parse_job_ref(path.at(0), std::move(*client_id));
}

Result<std::optional<IdempotencyKey>> Exchange::idempotency(std::string_view client_id,
                                                            std::string_view payload) const {
  const auto key = idempotency_key(request);
  if (!key) return key.error();
  if (!*key) return std::optional<IdempotencyKey>();
  // Parts are joined by a byte that none of them can hold.
  std::string scope(client_id);
  for (std::string_view part :
       {std::string_view(request.method), std::string_view(request.path), std::string_view(**key)})
    scope.append(1, '\0').append(part);
  return std::optional(IdempotencyKey{sha256(scope), sha256(payload)});
}

Result<JobRef> parse_job_ref(std::string_view text, std::optional<std::string> client) {
  JobRef ref;
  ref.client_id = std::move(client);
  ref.id = parse_id<JobId>(text);
  if (ref.id) return ref;
  if (!is_client_job_id(text))
    return {ErrorCode::invalid_id,
            "A job is named by its UUID, or by 1 to 128 of A-Z a-z 0-9 . _ : - as its client chose."};
  ref.job_id = text;
  return ref;
}

}  // namespace troupe::ingress
