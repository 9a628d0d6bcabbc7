#include "ingress/roster.hpp"

namespace troupe::ingress {

void Roster::add(std::shared_ptr<Connection> connection, Place& place, Phase phase) {
  auto& to = list(phase);
  place.at = to.insert(to.end(), std::move(connection));
  place.phase = phase;
  place.since = std::chrono::steady_clock::now();
  place.listed = true;
}

void Roster::enter(Place& place, Phase phase) {
  if (!place.listed) return;
  auto& to = list(phase);
  to.splice(to.end(), list(place.phase), place.at);
  place.phase = phase;
  place.since = std::chrono::steady_clock::now();
}

void Roster::remove(Place& place) {
  if (!place.listed) return;
  place.listed = false;
  list(place.phase).erase(place.at);
}

}  // namespace troupe::ingress
