#include "actors/committer_fixture.hpp"

#include "actors/persistence/completion_actor.hpp"
#include "audit/chain.hpp"

namespace troupe::test {

CommitterTest::CommitterTest() { restart(); }

void CommitterTest::restart() {
  committer_ = std::make_unique<Committer>(make_faulty_writer(*store_->writer(), script_), bare_.node,
                                           health_.writers[0], [](auto changes) { complete(changes); });
  EXPECT_TRUE(committer_->acquire({0, 1}).ok());
}

void CommitterTest::TearDown() {
  EXPECT_EQ(health_.changes_waiting, left_.size());
  const auto report = verify_store(*reader_);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->whole) << report->chain << ": " << report->fault;
}

WaiterPtr CommitterTest::waiter(const JobId& job, Slot slot) {
  auto waiter = std::make_shared<Waiter>();
  waiter->job = job;
  waiter->persist = std::make_shared<Persist>();
  waiter->persist->shard = slot;
  waiter->persist->frame.job = job;
  waiter->persist->frame.actor = "node";
  waiter->persist->done = [this, weak = std::weak_ptr(waiter)](Persisted persisted) {
    const auto answered = weak.lock();
    const auto row = reader_->job(answered->job);
    answered->stored_when_answered = row->has_value() && (**row).last_seq >= persisted.head.seq;
    answered->answer = std::move(persisted);
    ++answered->answers;
  };
  return waiter;
}

WaiterPtr CommitterTest::accept(const std::string& client_job_id, Slot slot) {
  const JobId id = ids_.make<JobId>(slot);
  WaiterPtr made = waiter(id, slot);
  Persist& persist = *made->persist;
  persist.is_accept = true;
  persist.opens = true;
  persist.records = {{"job.accepted", Json::object(), std::nullopt}};
  persist.change.insert.emplace();
  persist.change.insert->id = id;
  persist.change.insert->run = id.as<RunId>();
  persist.change.insert->client_id = "client";
  persist.change.insert->job_id = client_job_id;
  if (!client_job_id.empty()) persist.change.job_key = JobKeyRow{"client", client_job_id, id, {}};
  return made;
}

WaiterPtr CommitterTest::update(const WaiterPtr& job, bool opens) {
  const auto row = reader_->job(job->job);
  WaiterPtr made = waiter(job->job, job->persist->shard);
  Persist& persist = *made->persist;
  persist.opens = opens;
  persist.head = {(**row).last_seq, (**row).head};
  persist.records = {{opens ? "step.completed" : "run.completed", Json::object(), std::nullopt}};
  persist.change.update.emplace();
  persist.change.update->id = job->job;
  persist.change.update->run = (**row).run;
  persist.change.update->expected_seq = (**row).last_seq;
  persist.change.update->status = opens ? Status::running : Status::success;
  return made;
}

void CommitterTest::commit(const std::vector<WaiterPtr>& waiters) {
  for (const WaiterPtr& waiter : waiters) {
    link_records(*waiter->persist, bare_.clock.now());
    left_.push_back(waiter->persist);
    ++health_.changes_waiting;
  }
  left_ = committer_->commit(std::move(left_));
}

bool CommitterTest::is_stored(const JobId& job) const { return reader_->job(job)->has_value(); }

std::vector<std::string> CommitterTest::open_jobs(ShardId shard) const {
  std::vector<std::string> ids;
  const auto rows = reader_->open_jobs(shard, {}, 100);
  for (const JobRow& row : *rows) ids.push_back(to_string(row.id));
  return ids;
}

ShardState CommitterTest::shard(ShardId id) const {
  const auto states = reader_->shards();
  for (const ShardState& state : *states)
    if (state.shard == id) return state;
  return {};
}

void CommitterTest::take_over(ShardId shard) { ASSERT_TRUE((*store_->writer())->acquire({shard}, "other").ok()); }

}  // namespace troupe::test
