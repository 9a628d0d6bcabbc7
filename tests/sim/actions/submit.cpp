// Clients want jobs: one, many at once, the same one twice at the same time.
#include "sim/actions/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void submit(World& world) { world.clients().post({world.clients().make_wish()}); }

void submit_batch(World& world) {
  std::vector<WishPtr> wishes;
  for (std::size_t left = 2 + world.dice().number(12); left > 0; --left) {
    wishes.push_back(world.clients().make_wish());
    wishes.back()->job.patient = true;
  }
  world.clients().post(wishes);
}

void submit_twice(World& world) {
  const WishPtr wish = world.clients().make_wish();
  world.clients().post({wish});
  if (wish->can_be_repeated()) world.clients().post({wish});
}

}  // namespace

const Action kSubmit{"submit", 100, false, submit};
const Action kSubmitBatch{"submit a batch", 6, false, submit_batch};
const Action kSubmitTwice{"submit twice", 10, false, submit_twice};

}  // namespace troupe::sim
