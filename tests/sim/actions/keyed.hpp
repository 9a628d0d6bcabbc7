// Changes that are asked for again, with the same Idempotency-Key or as something new.
#pragma once

#include <functional>
#include <optional>

#include "troupe/port/gateway.hpp"

namespace troupe::sim {

class World;

using Key = std::optional<IdempotencyKey>;

/// `ask` is called with the same key each time: at once, later, or only once and without one.
void ask_with_key(World& world, const std::function<void(const Key&)>& ask);

/// For what is asked anew, otherwise: at once, or some seconds later.
void now_or_later(World& world, const std::function<void()>& ask);

KeptAnswer render_change(const JobChange& change);

}  // namespace troupe::sim
