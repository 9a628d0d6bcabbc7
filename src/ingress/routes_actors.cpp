// The actors of the node: how each is, and an operator's hand on them.
#include "ingress/exchange.hpp"
#include "ingress/parameters.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

constexpr Parameter kJobsParameter = {"limit", R"({"type":"integer","minimum":1,"maximum":500,"default":50})",
                                      "How many of the live jobs are shown at most."};

void get_actors(const ExchangePtr& exchange) {
  const int jobs = exchange->query.limit();
  if (exchange->query.error()) return exchange->fail(*exchange->query.error());
  exchange->gateway.actors(exchange->caller, jobs, [exchange](Result<ActorView> root) {
    if (succeeded(exchange, root)) exchange->json(200, render_actors(*root));
  });
}

void restart_actor(const ExchangePtr& exchange) {
  const std::string id = exchange->path[0];
  exchange->gateway.restart_actor(exchange->caller, id, [exchange, id](Result<Done> taken) {
    if (!succeeded(exchange, taken)) return;
    JsonWriter json;
    json.begin_object().text("id", id).text("message", "It is being restarted.").end_object();
    exchange->json(202, json.take());
  });
}

}  // namespace

std::vector<Route> actor_routes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/v1/actors",
                    .id = "getActors",
                    .tag = "Operations",
                    .summary = "The actors of this node, as a tree",
                    .description = "Each is asked right now how it is. Who has not answered within a second is "
                                   "`unresponsive`: it is busy, or stuck. Of the live jobs only some are shown; to a "
                                   "credential of one client, none.",
                    .role = Role::viewer,
                    .handle = get_actors,
                    .query = {kJobsParameter},
                    .answers = {{200, "The node, and what is below it.", "ActorNode"}}});
  routes.push_back({.method = "POST",
                    .path = "/v1/actors/{id}/restart",
                    .id = "restartActor",
                    .tag = "Operations",
                    .summary = "Restart a worker, or a job",
                    .description =
                        "A worker (`worker:NAME`) is replaced at once, also one that was given up or is "
                        "stuck; the steps that it had fail with `worker_lost` and are retried by their "
                        "policies. A job (`job:UUID`) is let go of and loaded again from the store; what its "
                        "run had under way is stopped, and begun again. Others cannot be restarted by "
                        "themselves (409). Audited as `actor.restarted`.",
                    .role = Role::op,
                    .handle = restart_actor,
                    .answers = {{202, "It is recorded, and being done.", "ActorRestart"}},
                    .errors = {ErrorCode::conflict, ErrorCode::job_finished}});
  return routes;
}

}  // namespace troupe::ingress
