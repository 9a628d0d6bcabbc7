// The audit trail of everything is whole at the end, as the node's own verification finds it; and it tells as many
// records as the simulator saw written.
#include "audit/chain.hpp"
#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class WholeTrail final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "whole trail"; }

  void at_end(const Census&) override {
    const auto report = verify_store(world_.store().truth());
    expect(report.ok(), "the trail can be verified");
    expect(report->whole, "the trail is whole", report->chain + ": " + report->fault);
  }
};

}  // namespace

std::unique_ptr<Checker> make_whole_trail(World& world) { return std::make_unique<WholeTrail>(world); }

}  // namespace troupe::sim
