#include "actors/job/job_actor.hpp"

#include "actors/ingress/event_hub.hpp"
#include "actors/job/run_loader.hpp"
#include "actors/node/blocking_pool.hpp"
#include "actors/node/scheduler.hpp"
#include "actors/run/live_events.hpp"
#include "actors/run/run_actor.hpp"
#include "actors/run/run_change.hpp"
#include "actors/switches/kill_switches.hpp"
#include "codec/json.hpp"
#include "codec/run_state_codec.hpp"
#include "crypto/hash.hpp"
#include "troupe/domain/core.hpp"
#include "troupe/domain/reuse.hpp"

namespace troupe {
namespace {

using Self = JobActor::stateful_pointer<JobActorState>;

void spawn_run(Self self, RunSeedPtr seed) {
  JobActorState& state = self->state;
  state.job = seed->job;
  state.run_id = seed->state.run;
  state.to_run = 0;
  state.run_rests = false;
  state.run = self->spawn<caf::monitored>(run_actor, state.node, state.actors, JobActor(self), std::move(seed));
}

template <class Request>
void pass_on(Self self, const Request& request) {
  ++self->state.to_run;
  self->state.run_rests = false;
  self->send(self->state.run, request);
}

void rest_if_idle(Self self) {
  const JobActorState& state = self->state;
  if (!state.retry && state.run_rests) self->send(state.actors->supervisor, JobRested{state.job->id, state.received});
}

/// The next run's first state and evaluator. Blocks.
RetryPrepared prepare(NodeContext& node, const JobFacts& job, const RetryFrom& from) {
  RetryPrepared prepared;
  prepared.request = from.request;
  IdFactory ids(node.clock, node.random);
  auto state = make_retry(*from.ended, *from.workflow, *from.request->workflow, ids.make<RunId>(job.id.slot()),
                          from.request->from_step, node.clock.now(), job.timeout);
  if (!state) {
    prepared.error = state.error();
    return prepared;
  }
  const Document& given = from.request->inputs;
  const bool inputs_changed = given.present() && !is_same_json(given, job.inputs);
  if (auto refused = refuse_reuse(*state, *from.workflow, *from.request->workflow, inputs_changed)) {
    prepared.error = *std::move(refused);
    return prepared;
  }
  auto seed = std::make_shared<RunSeed>();
  auto facts = std::make_shared<JobFacts>(job);
  if (given.present()) facts->inputs = given;
  seed->job = facts;
  seed->workflow = from.request->workflow;
  seed->head = from.head;
  seed->evaluator = node.evaluators.make(seed->workflow, run_facts(*facts, state->run));
  const auto loaded = load_results(node, *state, *seed->workflow, *seed->evaluator);
  if (!loaded) {
    prepared.error = loaded.error();
    return prepared;
  }
  seed->result_bytes = *loaded;
  if (seed->workflow->concurrency_limit > 0) {
    auto key = concurrency_key_of(*seed->evaluator);
    if (!key) {
      prepared.error = key.error();
      return prepared;
    }
    state->concurrency_key = *std::move(key);
  }
  const auto row = node.reader.job(job.id);
  if (!row || !*row) {
    prepared.error = row ? Error{ErrorCode::not_found, "the job is gone", false, {}} : row.error();
    return prepared;
  }
  if (!is_same_json(facts->inputs, job_facts(**row, {})->inputs)) prepared.inputs = facts->inputs;
  prepared.archive = {from.ended->run,        job.id,        from.ended->number, from.ended->status,
                      from.workflow->version, (*row)->state, (*row)->outputs,    (*row)->error};
  seed->state = *std::move(state);
  prepared.seed = std::move(seed);
  return prepared;
}

/// What cannot be read is the answer to the one who asked for the retry.
RetryPrepared try_prepare(NodeContext& node, const JobFacts& job, const RetryFrom& from) {
  try {
    return prepare(node, job, from);
  } catch (const std::exception& fault) {
    RetryPrepared failed;
    failed.request = from.request;
    failed.error = {ErrorCode::store_corrupt, std::string("what is stored of the job cannot be read: ") + fault.what()};
    return failed;
  }
}

RecordDraft retried_record(const RetryRequest& request, const RunState& state, const WorkflowDefinition& workflow) {
  RecordDraft draft{"job.retried",
                    {{"run", to_string(state.run)}, {"number", state.number}, {"workflow_version", workflow.version}},
                    std::nullopt};
  if (request.from_step) draft.details["from_step"] = *request.from_step;
  if (request.inputs.present()) draft.details["inputs_sha256"] = to_hex(sha256(request.inputs.view()));
  return draft;
}

/// Decides StartRun for the prepared run and has it committed together with the end of the old one.
void commit_retry(Self self, const RetryPrepared& prepared) {
  JobActorState& state = self->state;
  RunSeed& seed = *prepared.seed;
  NodeContext& node = *state.node;
  // One that was engaged while this was being prepared.
  if (const auto by = node.switches.refusing(seed.job->workflow_key, seed.job->client_id, node.node_name))
    return prepared.request->reply(engaged_error(*by));
  const Context context{*seed.workflow, *seed.evaluator, node.random, node.clock.now()};
  PassOn::hand_over();  // jq may hold this thread up
  ConcurrencyGate::Entering entering(node.gate, claim_of(*seed.job, seed.state));
  auto decision = decide(seed.state, StartRun{entering.holds()}, context);
  if (!decision) return prepared.request->reply(decision.error());
  RunState after = std::move(decision->after);

  const bool parks = parked_until(after, *seed.workflow, node.clock.now()).has_value();
  PersistPtr persist =
      make_persist(node, {*seed.job, *seed.workflow, seed.state, after, *decision, false, parks}, seed.head);
  persist->records.insert(persist->records.begin(), retried_record(*prepared.request, seed.state, *seed.workflow));
  persist->frame.actor = prepared.request->actor;
  persist->change.run = RunRow{after.run, seed.job->id, after.number, prepared.inputs};
  persist->change.archive = prepared.archive;
  if (prepared.request->idempotency)
    persist->change.idempotency =
        prepared.request->idempotency({seed.job->id, seed.job->client_job_id, after.run, after.status, std::nullopt});
  persist->done = [job = JobActor(self)](Persisted persisted) { caf::anon_send(job, std::move(persisted)); };

  seed.state = std::move(after);
  seed.effects = std::move(decision->effects);
  seed.parked = parks;
  entering.keep();
  state.retry = JobActorState::Retry{prepared.request, prepared.seed};
  state.actors->persistence.commit(node, persist);
}

void finish_retry(Self self, const Persisted& persisted) {
  JobActorState& state = self->state;
  TROUPE_ASSERT(state.retry.has_value(), "an answer of persistence belongs to a retry");
  const JobActorState::Retry retry = *std::exchange(state.retry, std::nullopt);
  if (persisted.verdict != Persisted::Verdict::committed) {
    state.node->gate.leave(retry.seed->job->id, retry.seed->state.run);
    retry.request->reply(persisted.failure());
    return;
  }
  RunSeed& seed = *retry.seed;
  seed.head = persisted.head;
  const EventSubject subject{seed.job->id, seed.job->client_job_id, seed.job->client_id, seed.job->workflow_key};
  if (state.node->events.watched(seed.job->id))
    for (const LiveEventPtr& event : events_of_records(subject, persisted.records, 0))
      state.node->events.publish(event);
  retry.request->reply(
      JobChange{seed.job->id, seed.job->client_job_id, seed.state.run, seed.state.status, std::nullopt});
  self->demonitor(state.run.address());
  spawn_run(self, retry.seed);
}

}  // namespace

JobActorState::~JobActorState() {
  if (run && !run_rests && !node->health.stopping) caf::anon_send(actors->broker, AbandonRun{run.address()});
}

JobActor::behavior_type job_actor(Self self, NodeContext* node, const NodeActors* actors, RunSeedPtr seed) {
  keep_reason_of_death(self);
  self->state.node = node;
  self->state.actors = actors;
  self->set_down_handler([=](caf::down_msg& down) {
    if (down.source != self->state.run.address()) return;
    const std::string why = self->system().render(down.reason);
    self->send(self->state.actors->supervisor, JobBroken{self->state.job->id, why});
    self->quit();
  });
  spawn_run(self, std::move(seed));
  return {
      [=](const CommandRequestPtr& request) {
        ++self->state.received;
        pass_on(self, request);
      },
      [=](const RetryRequestPtr& request) {
        ++self->state.received;
        if (!self->state.retry) return pass_on(self, request);
        request->reply(Error{ErrorCode::job_not_finished, "the job is being retried already", false, {}});
      },
      [=](const RetryFrom& from) {
        // Two requests may have reached the run before its first answer came back.
        const bool of_this_run = self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(self->state.run);
        if (self->state.retry || !of_this_run) {
          from.request->reply(Error{ErrorCode::job_not_finished, "the job is being retried already", false, {}});
          return;
        }
        if (from.ended->run != from.request->after) {
          from.request->reply(
              Error{ErrorCode::conflict, "the job was retried meanwhile, and that run has ended too", false, {}});
          rest_if_idle(self);
          return;
        }
        self->state.retry = JobActorState::Retry{from.request, nullptr};
        node->blocking.run_always([node, job = self->state.job, from, me = JobActor(self)] {
          caf::anon_send(me, try_prepare(*node, *job, from));
        });
      },
      [=](const RetryPrepared& prepared) {
        self->state.retry.reset();
        if (prepared.seed)
          commit_retry(self, prepared);
        else
          prepared.request->reply(prepared.error);
        rest_if_idle(self);
      },
      [=](const Persisted& persisted) {
        finish_retry(self, persisted);
        rest_if_idle(self);
      },
      [=](const RunRested& rested) {
        self->state.run_rests = rested.handled == self->state.to_run;
        rest_if_idle(self);
      },
      [=](const Probe& probe) {
        const std::string run = "run:" + to_string(self->state.run_id);
        answer_probe(self, probe, {}, {{run, "run"}});
        self->send(self->state.run, Probe{probe.answer->of(run)});
      },
  };
}

}  // namespace troupe
