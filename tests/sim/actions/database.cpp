// The database goes away, can only be read, has no room; it refuses a row; many reads fail.
#include "sim/actions/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void outage(World& world) {
  using Outage = SimStore::Outage;
  if (world.store().outage() != Outage::none) return;
  static const std::vector<Outage> kOutages = {Outage::away, Outage::away, Outage::read_only, Outage::full};
  world.store().begin_outage(world.dice().one_of(kOutages));
  world.trace("the database fails, in manner ", static_cast<int>(world.store().outage()));
  world.saw("database outage");
  world.after(world.dice().between(Millis(1), Millis(world.dice().chance(80) ? 500 : 20'000)), [&world] {
    world.trace("the database is back");
    world.store().end_outage();
  });
}

void refuse(World& world) {
  if (const auto job = world.clients().some_job()) world.store().refuse_next(*job);
}

/// What is loaded piece by piece is often cut off in the middle.
void bad_reads(World& world) {
  world.saw("bad reads");
  world.store().have_bad_reads(true);
  world.after(world.dice().between(Millis(100), Millis(90'000)), [&world] { world.store().have_bad_reads(false); });
}

}  // namespace

const Action kOutage{"outage", 3, true, outage};
const Action kBadReads{"bad reads", 1, true, bad_reads};
const Action kRefuse{"refuse a row", 2, true, refuse};

}  // namespace troupe::sim
