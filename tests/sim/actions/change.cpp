// People cancel jobs, try them again and send them signals, at any time, whether it makes sense or not.
#include "sim/actions/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

KeptAnswer render_change(const JobChange& change) { return {202, to_string(change.run)}; }

void cancel(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  std::optional<IdempotencyKey> key;
  if (world.dice().chance(20)) key = world.clients().fresh_key();
  world.clients().ask_change(Ask::cancel, *job,
                             [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
                               gateway.cancel(caller, {{*job, "", {}}, "enough", key}, render_change, std::move(reply));
                             });
}

void retry(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  RetryJob command;
  command.job.id = *job;
  if (world.dice().chance(50)) command.from_step = "s" + std::to_string(world.dice().number(5));
  if (world.dice().chance(20)) command.idempotency = world.clients().fresh_key();
  world.clients().ask_change(Ask::retry, *job, [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
    gateway.retry(caller, command, render_change, std::move(reply));
  });
}

void signal(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  SendSignal command{world.jobs().find(*job)->row.run, "go", Document("{\"value\":1}"), {}};
  if (world.dice().chance(20)) command.idempotency = world.clients().fresh_key();
  world.clients().ask_change(Ask::signal, *job,
                             [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
                               gateway.signal(caller, command, render_change, std::move(reply));
                             });
}

}  // namespace

const Action kCancel{"cancel", 12, false, cancel};
const Action kRetry{"retry", 12, false, retry};
const Action kSignal{"signal", 8, false, signal};

}  // namespace troupe::sim
