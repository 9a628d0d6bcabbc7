// People cancel jobs, try them again and send them signals, at any time, whether it makes sense or not; and ask again
// with the same Idempotency-Key, at once or later.
#include "sim/actions/all.hpp"
#include "sim/actions/keyed.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

void cancel(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  ask_with_key(world, [&world, job](const Key& key) {
    world.clients().ask_change(
        Ask::cancel, *job, {key, {}, {}}, [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
          gateway.cancel(caller, {{*job, "", {}}, "enough", key}, render_change, std::move(reply));
        });
  });
}

/// Mostly one that has ended; of these rather one that was tried again before.
std::optional<JobId> job_to_retry(World& world) {
  std::optional<JobId> best = world.clients().some_job();
  const auto worth = [&](const JobId& id) {
    const StoredJob& job = *world.jobs().find(id);
    return (has_ended(job.row.status) ? 10 : 0) + std::min<std::size_t>(job.runs.size(), 3);
  };
  for (std::size_t more = world.dice().number(8); best && more > 0; --more)
    if (const auto other = world.clients().some_job(); worth(*other) > worth(*best)) best = other;
  return best;
}

void retry(World& world) {
  const auto job = job_to_retry(world);
  if (!job) return;
  RetryJob command;
  command.job.id = *job;
  const std::string& workflow = world.jobs().find(*job)->row.workflow_key;
  const WorkflowPtr newest = world.jobs().workflow(workflow, world.jobs().newest_version(workflow));
  if (world.dice().chance(70)) command.from_step = world.dice().one_of(newest->steps).name;
  if (world.dice().chance(30)) command.inputs = world.clients().draw_inputs();
  if (world.dice().chance(20))
    command.workflow_version = static_cast<std::uint32_t>(1 + world.dice().number(newest->version));
  ask_with_key(world, [&world, job, command](const Key& key) mutable {
    command.idempotency = key;
    world.clients().ask_change(Ask::retry, *job, {key, {}, command},
                               [&](Gateway& gateway, const Request& request, const Caller& caller, auto reply) {
                                 command.limits = request.limits;
                                 gateway.retry(caller, command, render_change, std::move(reply));
                               });
  });
}

void signal(World& world) {
  const auto job = world.clients().some_job();
  if (!job) return;
  SendSignal command{world.jobs().find(*job)->row.run, "go", Document("{\"value\":1}"), {}};
  ask_with_key(world, [&world, job, command](const Key& key) mutable {
    command.idempotency = key;
    world.clients().ask_change(Ask::signal, *job, {key, {}, {}},
                               [&](Gateway& gateway, const Request&, const Caller& caller, auto reply) {
                                 gateway.signal(caller, command, render_change, std::move(reply));
                               });
  });
}

}  // namespace

const Action kCancel{"cancel", 12, false, cancel};
const Action kRetry{"retry", 16, false, retry};
const Action kSignal{"signal", 10, false, signal};

}  // namespace troupe::sim
