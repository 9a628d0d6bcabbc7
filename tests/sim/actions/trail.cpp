// Auditors read the trail, and have it verified, while it grows.
#include "sim/actions/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void audit(World& world) {
  AuditQuery query;
  if (world.dice().chance(70)) query.job = world.clients().some_job();
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.audit(caller, query, [done](const Result<AuditPage>&) { done(); });
  });
}

void verify(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  world.clients().ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
    gateway.verify_audit(caller, job, [&world, done, job](const Result<AuditVerdict>& verdict) {
      done();
      if (verdict && !verdict->whole) world.violated("a trail is whole while it grows", to_string(*job));
    });
  });
}

}  // namespace

const Action kAudit{"audit", 3, false, audit};
const Action kVerify{"verify", 5, false, verify};

}  // namespace troupe::sim
