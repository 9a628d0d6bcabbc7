#include "actors/supervisor/supervisor_actor.hpp"

#include <algorithm>

#include "actors/job/job_actor.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/switches/kill_request.hpp"
#include "actors/timer/timers.hpp"

namespace troupe {
namespace {

using Self = SupervisorActor::stateful_pointer<SupervisorState>;

constexpr Millis kBrokenPauseFirst{200};
constexpr Millis kLoadPause{1'000};  // when the store was away
constexpr std::size_t kParkedRows = 1'000;
constexpr Millis kParkedScanPause{500};        // when something was left
constexpr std::uint64_t kParkedFullScan = 60;  // one of so many begins anew, for what could not be loaded
constexpr std::size_t kParkedOverdue = 100;    // loaded in one scan, however many jobs are live

void restore_claim(Self self, const RunSeed& seed) {
  if (const auto claim = claim_of(*seed.job, seed.state); claim && seed.state.phase != RunPhase::ended)
    self->state.node->gate.restore(*claim, seed.state.held);
}

void adopt(Self self, const RunSeedPtr& seed) {
  SupervisorState& state = self->state;
  const JobId id = seed->job->id;
  if (state.live.contains(id)) return;  // found twice: by recovery and by someone who asked for it
  SupervisorState::Live& live = state.live[id];
  live.job = seed->job;
  live.ticket = seed->live ? std::move(seed->live) : state.node->health.live.take(seed->job->client_id);
  restore_claim(self, *seed);
  JobActor& actor = live.actor;
  actor = self->spawn(job_actor, state.node, state.actors, seed);
  // It tells itself when its run dies; this is for its own death, unless nobody holds it any more.
  actor->attach_functor([id, me = SupervisorActor(self), &system = self->system()](const caf::error& reason) {
    if (reason && reason != caf::exit_reason::unreachable) caf::anon_send(me, JobBroken{id, system.render(reason)});
  });
  state.node->metrics.runs_live(state.live.size());
}

void let_go(Self self, const JobId& job) {
  SupervisorState& state = self->state;
  state.live.erase(job);
  state.node->metrics.runs_live(state.live.size());
}

void load(Self self, const JobId& job, bool recover, bool parked) {
  self->state.node->blocking.run_always([node = self->state.node, job, recover, parked, me = SupervisorActor(self)] {
    auto seed = load_run(*node, job, recover, parked);
    if (seed)
      caf::anon_send(me, JobLoaded{job, *seed, {}});
    else
      caf::anon_send(me, JobLoaded{job, nullptr, seed.error()});
  });
}

/// Recovery or a scan has brought it. In the meantime it may have been here, have changed, and rest again.
void adopt_found(Self self, const RunSeedPtr& seed) {
  SupervisorState& state = self->state;
  const JobId& id = seed->job->id;
  if (state.live.contains(id)) return;
  const bool is_being_loaded = state.loading.contains(id);  // someone has asked for it
  if (!is_being_loaded && !state.rested_lately.contains(id)) return adopt(self, seed);
  // The gate may be opened before it is loaded. If it has ended by then, it leaves at once.
  restore_claim(self, *seed);
  state.found.insert(id);
  if (is_being_loaded) return;
  state.loading.try_emplace(id);
  load(self, id, seed->recover, seed->parked);
}

template <class RequestPtr>
void pass_on(Self self, const JobId& job, const RequestPtr& request) {
  SupervisorState& state = self->state;
  if (const auto found = state.live.find(job); found != state.live.end()) {
    ++found->second.passed_on;
    self->send(found->second.actor, request);
    return;
  }
  const auto [pending, fresh] = state.loading.try_emplace(job);
  pending->second.push_back(request);
  if (fresh) load(self, job, /*recover=*/true, /*parked=*/true);  // harmless if it was not parked, or has ended
}

void load_later(Self self, const JobId& job) {
  SupervisorState& state = self->state;
  state.loading.try_emplace(job);
  state.node->timers.call_at(
      state.node->clock.now() + kLoadPause, [node = state.node, job, me = SupervisorActor(self)] {
        node->blocking.run_always([node, job, me] {
          auto seed = load_run(*node, job, /*recover=*/true, /*parked=*/true);
          caf::anon_send(me, seed ? JobLoaded{job, *seed, {}} : JobLoaded{job, nullptr, seed.error()});
        });
      });
}

void load_broken(Self self, const JobId& job);

void loaded(Self self, const JobLoaded& message) {
  SupervisorState& state = self->state;
  std::deque<SupervisorState::Pending> pending;
  const auto found = state.loading.find(message.job);
  if (message.is_found) return adopt_found(self, message.seed);
  if (found != state.loading.end()) {
    pending = std::move(found->second);
    state.loading.erase(found);
  }
  if (message.seed) {
    adopt(self, message.seed);
    state.live.at(message.job).was_asked_for = true;
  } else {
    state.node->log.write(log::Level::error, "a job could not be loaded",
                          {{"job", to_string(message.job)}, {"error", message.error.message}});
    if (!message.error.retryable) state.node->gate.leave(message.job);  // it can never go on, so it is not under way
  }
  for (const auto& request : pending) {
    std::visit(
        [&](const auto& one) {
          if (message.seed)
            pass_on(self, message.job, one);
          else
            one->reply(message.error);
        },
        request);
  }
  // Nobody else would ask for a job that broke, or was found, while the store was away. It is no fault of the job's.
  const bool is_awaited = state.broken.contains(message.job) || state.found.contains(message.job) ||
                          state.rested_lately.contains(message.job);
  if (!message.seed && message.error.retryable && is_awaited) return load_later(self, message.job);
  state.found.erase(message.job);
}

void rested(Self self, const JobRested& message) {
  SupervisorState& state = self->state;
  const auto found = state.live.find(message.job);
  if (found == state.live.end() || found->second.passed_on != message.handled) return;
  if (found->second.was_asked_for || !state.all_adopted) state.rested_lately[message.job] = state.node->clock.now();
  let_go(self, message.job);
  state.broken.erase(message.job);
}

void broken(Self self, const JobBroken& message) {
  SupervisorState& state = self->state;
  if (!state.live.contains(message.job)) return;  // its run and itself tell of the same crash
  let_go(self, message.job);
  SupervisorState::Broken& broken = state.broken[message.job];
  const Timestamp now = state.node->clock.now();
  if (broken.times > 0 && now - broken.at > kCrashesForgotten) broken.times = 0;
  broken.why = message.why;
  broken.at = now;
  load_broken(self, message.job);
}

void load_broken(Self self, const JobId& job) {
  SupervisorState& state = self->state;
  state.loading.try_emplace(job);
  SupervisorState::Broken& broken = state.broken[job];
  const Millis pause = kBrokenPauseFirst * (1 << std::min(broken.times++, 8));
  const Timestamp due = state.node->clock.now() + pause;
  std::optional<Error> give_up;
  if (broken.times >= kCrashesMax)
    give_up = Error{ErrorCode::poison,
                    "it broke " + std::to_string(broken.times) + " times in a row, the last time of: " + broken.why,
                    false,
                    {}};
  ++state.restarts;
  state.node->metrics.actor_restarted("job");
  state.node->log.write(log::Level::error,
                        give_up ? "a job broke too often; its run is ended" : "a job broke; it is loaded again",
                        {{"job", to_string(job)}, {"times", broken.times}, {"error", broken.why}});
  state.node->timers.call_at(due, [node = state.node, job, give_up, me = SupervisorActor(self)] {
    node->blocking.run_always([node, job, give_up, me] {
      auto seed = load_run(*node, job, /*recover=*/true, /*parked=*/false);
      if (seed) {
        (*seed)->give_up = give_up;
        (*seed)->maybe_parked = true;
      }
      caf::anon_send(me, seed ? JobLoaded{job, *seed, {}} : JobLoaded{job, nullptr, seed.error()});
    });
  });
}

/// Of a pool or a node, what is at work there is ended, which the broker knows.
void kill(Self self, const KillSwitchPtr& by) {
  SupervisorState& state = self->state;
  if (by->scope == SwitchScope::pool || by->scope == SwitchScope::node) return;
  const CommandRequestPtr request = kill_request(*by, [](const Result<JobChange>&) {});
  for (const auto& [id, live] : state.live)
    if (covers(*by, {live.job->workflow_key, live.job->client_id, "", ""})) pass_on(self, id, request);
  state.kill_sweep->add(by);
}

/// Like one that broke, but by hand: at once, and it does not count.
void restart(Self self, const JobId& job) {
  SupervisorState& state = self->state;
  let_go(self, job);
  if (!state.loading.try_emplace(job).second) return;  // it is being loaded already
  ++state.restarts;
  state.node->metrics.actor_restarted("job");
  state.node->blocking.run_always([node = state.node, job, me = SupervisorActor(self)] {
    auto seed = load_run(*node, job, /*recover=*/true, /*parked=*/false);
    if (seed) (*seed)->maybe_parked = true;
    caf::anon_send(me, seed ? JobLoaded{job, *seed, {}} : JobLoaded{job, nullptr, seed.error()});
  });
}

/// A few of the jobs are asked, too.
void answer(Self self, const Probe& probe) {
  const SupervisorState& state = self->state;
  ActorView view;
  view.live_jobs = state.live.size();
  view.waiting = state.loading.size();
  view.restarts = state.restarts;
  std::vector<PassedOn> passed_on;
  for (auto live = state.live.begin(); live != state.live.end() && passed_on.size() < probe.sample; ++live)
    passed_on.push_back({"job:" + to_string(live->first), "job"});
  answer_probe(self, probe, std::move(view), passed_on);
  auto live = state.live.begin();
  for (const PassedOn& job : passed_on) self->send((live++)->second.actor, Probe{probe.answer->of(job.id)});
}

/// Loads the jobs of a shard that fall due within the horizon and moves `after` past them. False: something is left for
/// the next scan. Blocks.
bool load_parked(NodeContext& node, ShardId shard, StoreReader::Parked& after, const SupervisorActor& supervisor) {
  const Timestamp now = node.clock.now(), horizon = now + kParkedHorizon;
  if (after.due >= horizon) after = {};  // the clock was set back
  std::size_t overdue_too = kParkedOverdue;
  for (bool more = true; more;) {
    const auto page = node.reader.parked(shard, after, horizon, kParkedRows);
    if (!page) return false;  // the database is away
    more = page->size() == kParkedRows;
    for (const auto& row : *page) {
      if (node.health.stopping) return false;
      if (node.health.live.count() >= kParkedLive && (row.due > now || overdue_too-- == 0)) return false;
      auto seed = load_run(node, row.job, /*recover=*/true, /*parked=*/true);
      if (!seed && seed.error().retryable) return false;
      after = row;
      if (seed)
        caf::anon_send(supervisor, JobLoaded{row.job, *seed, {}, /*is_found=*/true});
      else
        node.log.write(log::Level::error, "a parked job could not be loaded; it is tried again with the next full scan",
                       {{"job", to_string(row.job)}, {"error", seed.error().message}});
    }
  }
  return true;
}

/// The same for all shards that were ever written to. Blocks.
bool load_parked(NodeContext& node, std::map<ShardId, StoreReader::Parked>& after, const SupervisorActor& supervisor) {
  const auto shards = node.reader.shards();
  if (!shards) return false;  // the database is away
  bool all = true;
  for (const ShardState& shard : *shards)
    if (const auto last = after.find(shard.shard); last != after.end() && shard.seq > 0)
      all &= load_parked(node, shard.shard, last->second, supervisor);
  return all;
}

void scan_parked(Self self) {
  if (self->state.parked_scans++ % kParkedFullScan == 0)
    for (auto& [shard, after] : self->state.parked_after) after = {};
  self->state.node->blocking.run_always(
      [node = self->state.node, after = self->state.parked_after, me = SupervisorActor(self)]() mutable {
        const bool all = load_parked(*node, after, me);
        caf::anon_send(me, ParkedScanned{std::move(after), all ? kParkedScanPeriod : kParkedScanPause});
      });
}

void parked_scanned(Self self, const ParkedScanned& scanned) {
  SupervisorState& state = self->state;
  state.parked_after = scanned.after;
  const Timestamp old = state.node->clock.now() - kReadsAreOld;
  std::erase_if(state.rested_lately, [&](const auto& rested) { return rested.second < old; });
  const Timestamp due = state.node->clock.now() + scanned.pause;
  state.node->timers.call_at(due, [me = SupervisorActor(self)] { caf::anon_send(me, ScanParked{}); });
}

}  // namespace

SupervisorActor::behavior_type supervisor_actor(Self self, NodeContext* node, const NodeActors* actors,
                                                const std::vector<ShardId>& shards) {
  self->state.node = node;
  self->state.actors = actors;
  self->state.kill_sweep =
      std::make_shared<KillSweep>(*node, [actors](const JobId& job, const CommandRequestPtr& request) {
        caf::anon_send(actors->supervisor, CommandJobMessage{job, request});
      });
  for (ShardId shard : shards) self->state.parked_after[shard] = {};
  return {
      [=](const AdoptJob& message) {
        if (message.seed->recover)
          adopt_found(self, message.seed);
        else
          adopt(self, message.seed);
      },
      [=](const CommandJobMessage& message) { pass_on(self, message.job, message.request); },
      [=](const RetryJobMessage& message) { pass_on(self, message.job, message.request); },
      [=](const JobLoaded& message) { loaded(self, message); },
      [=](const JobRested& message) { rested(self, message); },
      [=](const JobBroken& message) { broken(self, message); },
      [=](const RestartJob& message) { restart(self, message.job); },
      [=](const Probe& probe) { answer(self, probe); },
      [=](ScanParked) { scan_parked(self); },
      [=](const ParkedScanned& scanned) { parked_scanned(self, scanned); },
      [=](AllAdopted) {
        self->state.all_adopted = true;
        self->state.node->gate.open();
      },
      [=](const SwitchesChanged& change) {
        if (change.kill) kill(self, change.kill);
      },
      [=](Rest) {
        self->state.live.clear();
        self->quit();
      },
  };
}

}  // namespace troupe
