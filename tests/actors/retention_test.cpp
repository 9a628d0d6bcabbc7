// Retention over real stores, with a clock that the test moves: what is removed and when, and that tables do not grow
// for ever. Jobs are written as a node writes them, through the committer, but without actors.
#include "actors/retention/retention_sweeper.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "actors/bare_context.hpp"
#include "actors/persistence/committer.hpp"
#include "actors/persistence/completion_actor.hpp"
#include "store/open.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

constexpr Millis kDay = 24h;

/// `memory:`, or a new file that goes with the test.
class Database {
 public:
  explicit Database(bool on_disk) {
    if (!on_disk) return;
    std::string path = (std::filesystem::temp_directory_path() / "troupe-retention.XXXXXX").string();
    folder_ = ::mkdtemp(path.data());
    url_ = "sqlite:" + folder_ + "/troupe.db";
  }
  ~Database() {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  const std::string& url() const { return url_; }

 private:
  std::string folder_, url_ = "memory:";
};

class RetentionTest : public testing::TestWithParam<bool> {
 protected:
  RetentionTest() {
    EXPECT_TRUE(is_migrated_);
    EXPECT_TRUE(committer_.acquire({0, 1}).ok());
  }
  void TearDown() override { expect_whole(); }

  void expect_whole() {
    const auto report = verify_store(*reader_);
    ASSERT_TRUE(report.ok()) << report.error().message;
    ASSERT_TRUE(report->whole) << report->chain << ": " << report->fault;
  }

  /// A new job with this class, open.
  JobId accept(Millis retention, Slot slot = 0, const std::string& client_job_id = "") {
    const JobId id = ids_.make<JobId>(slot);
    Persist persist;
    persist.opens = true;
    persist.records = {{"job.accepted", Json::object(), {}}};
    JobRow& row = persist.change.insert.emplace();
    row.id = id;
    row.run = id.as<RunId>();
    row.client_id = "shop";
    row.job_id = client_job_id;
    row.created_at = clock_.now();
    classes_[id] = retention;
    if (!client_job_id.empty()) persist.change.job_key = JobKeyRow{"shop", client_job_id, id, {}};
    write(std::move(persist), slot, id);
    return id;
  }
  /// The job's end, with a result and an asset.
  void end(const JobId& id, Status status = Status::failed) {
    Persist persist = next(id, status);
    persist.records = {{"step.completed", Json::object(), {}}, {"run.completed", Json::object(), {}}};
    const RunId run = persist.change.update->run;
    ResultRow result;
    result.task.run = run;
    persist.change.results = {result};
    AssetRow asset;
    asset.id = ids_.make<AssetId>(id.slot());
    asset.job = id;
    asset.run = run;
    persist.change.assets = {asset};
    if (status == Status::failed) persist.change.notable = NotableRow{status, id};
    write(std::move(persist), id.slot(), id);
  }
  /// A new run of an ended job; its id.
  RunId retry(const JobId& id) {
    Persist persist = next(id, Status::running);
    const RunId run = ids_.make<RunId>(id.slot());
    persist.records = {{"job.retried", Json::object(), {}}};
    persist.change.archive = RunArchive{persist.change.update->run, id, 1, Status::failed, 1, "", {}, {}};
    persist.change.run = RunRow{run, id, 2, {}};
    persist.change.update->run = run;
    persist.opens = true;
    write(std::move(persist), id.slot(), id);
    return run;
  }

  void sweep() { sweeper_.sweep(); }
  bool exists(const JobId& id) { return reader_->job(id)->has_value(); }
  /// Rows of both shards' journals, those of jobs and others; and stubs.
  struct Rows {
    std::size_t journal = 0, stubs = 0;
  };
  Rows rows() {
    Rows rows;
    for (ShardId shard : {ShardId{0}, ShardId{1}}) {
      rows.journal += reader_->journal_of_shard(shard, 0, 0, 1'000'000)->size();
      rows.stubs += reader_->stubs_of_shard(shard, 0, 0, 1'000'000)->size();
    }
    return rows;
  }

  Database database_{GetParam()};
  std::unique_ptr<Store> store_ = *open_store(database_.url());
  const bool is_migrated_ = store_->migrate().ok();
  std::shared_ptr<StoreReader> reader_ = *store_->reader(1);
  BareContext bare_{*reader_};
  ManualClock& clock_ = bare_.clock;
  NodeHealth& health_ = bare_.health;
  IdFactory ids_{clock_, bare_.random};
  Committer committer_{*store_->writer(), bare_.node, health_.writers[0], [](auto changes) { complete(changes); }};
  std::map<JobId, Millis> classes_;
  JobId refused_;  ///< whose removal the database does not take
  Millis shortest_ = 1h;
  RetentionOptions options_;
  RetentionSweeper sweeper_{
      {*reader_, bare_.blobs, clock_, bare_.log, "node", [this](const PersistPtr& change) { return commit(change); },
       [this](const JobRow& job) -> Result<Millis> { return classes_.at(job.id); }, [this] { return shortest_; },
       [] { return false; }},
      {0, 1},
      options_};

 private:
  Result<Done> commit(const PersistPtr& change) {
    if (change->change.sweep)
      for (const Removal& removal : change->change.sweep->removals)
        if (removal.job == refused_) return Error{ErrorCode::store_refused, "this job never"};
    std::optional<Persisted> answer;
    change->done = [&](Persisted persisted) { answer = std::move(persisted); };
    ++health_.changes_waiting;
    link_records(*change, clock_.now());
    EXPECT_TRUE(committer_.commit({change}).empty());
    if (answer->verdict == Persisted::Verdict::committed) return Done{};
    return answer->error;
  }
  Persist next(const JobId& id, Status status) {
    const JobRow row = **reader_->job(id);
    Persist persist;
    persist.head = {row.last_seq, row.head};
    JobUpdate& update = persist.change.update.emplace();
    update.id = id;
    update.expected_seq = row.last_seq;
    update.status = status;
    update.run = row.run;
    update.updated_at = clock_.now();
    return persist;
  }
  void write(Persist persist, Slot slot, const JobId& id) {
    persist.shard = slot;
    persist.frame.job = id;
    persist.frame.actor = "node";
    const auto written = commit(std::make_shared<Persist>(std::move(persist)));
    ASSERT_TRUE(written.ok()) << written.error().message;
    clock_.advance(1ms);
  }
};

TEST_P(RetentionTest, AJobIsRemovedWithAllThatBelongsToItWhenItsTimeIsOverAndNotBefore) {
  const JobId job = accept(1h, 0, "order-1");
  end(job);
  const RunId second = retry(job);
  end(job);
  clock_.advance(1h - 2ms);
  sweep();
  EXPECT_TRUE(exists(job));
  clock_.advance(2ms + options_.period);
  sweep();
  EXPECT_FALSE(exists(job));
  EXPECT_TRUE(reader_->jobs_called("order-1", std::nullopt)->empty());
  for (const RunId& run : {job.as<RunId>(), second}) {
    EXPECT_FALSE(reader_->run(run)->has_value());
    EXPECT_TRUE(reader_->results(run)->empty());
    EXPECT_TRUE(reader_->assets_of_run(run)->empty());
  }
  EXPECT_TRUE(reader_->journal({job.as<ChainId>(), 0, 10})->empty());
  JobQuery failed;
  failed.status = Status::failed;
  EXPECT_TRUE(reader_->jobs(failed)->empty());
  EXPECT_TRUE(reader_->retained(0, clock_.now() + 1000 * kDay, 10)->empty());
  EXPECT_FALSE(exists(accept(1h, 0, "order-1")) == false) << "its name is free again";
}

TEST_P(RetentionTest, EachClassHasItsOwnTime) {
  const JobId brief = accept(1h), lasting = accept(30 * kDay), usual = accept(kRetentionDefault);
  for (const JobId& job : {lasting, brief, usual}) end(job);
  clock_.advance(2h);
  sweep();
  EXPECT_FALSE(exists(brief));
  EXPECT_TRUE(exists(lasting) && exists(usual));
  clock_.advance(29 * kDay);
  sweep();
  EXPECT_TRUE(exists(lasting));
  clock_.advance(kDay);
  sweep();
  EXPECT_FALSE(exists(lasting));
  EXPECT_TRUE(exists(usual));
  clock_.advance(60 * kDay);
  sweep();
  EXPECT_FALSE(exists(usual));
}

TEST_P(RetentionTest, TheTimeBeginsWithTheEndAndAnewWithAnotherRun) {
  const JobId job = accept(1h);
  for (int i = 0; i < 3; ++i) {
    clock_.advance(10h);
    sweep();
    ASSERT_TRUE(exists(job)) << "it is open";
  }
  end(job);
  clock_.advance(50min);
  sweep();
  retry(job);
  clock_.advance(50min);
  sweep();
  ASSERT_TRUE(exists(job)) << "it is open again";
  end(job);
  clock_.advance(50min);
  sweep();
  EXPECT_TRUE(exists(job));
  clock_.advance(2h);
  sweep();
  EXPECT_FALSE(exists(job));
}

TEST_P(RetentionTest, ManyAreRemovedInOneSweepAndInOrder) {
  std::vector<JobId> jobs;
  for (int i = 0; i < 350; ++i) end(jobs.emplace_back(accept(1h, static_cast<Slot>(i % 2))));
  clock_.advance(2h);
  sweep();
  for (const JobId& job : jobs) EXPECT_FALSE(exists(job));
}

TEST_P(RetentionTest, AJobThatCannotBeRemovedHoldsUpNoOther) {
  const JobId stuck = accept(1h), beside = accept(1h), lasting = accept(30 * kDay);
  for (const JobId& job : {stuck, beside, lasting}) end(job);
  refused_ = stuck;
  clock_.advance(2h);
  sweep();
  EXPECT_TRUE(exists(stuck) && exists(beside) && exists(lasting));
  refused_ = {};
  clock_.advance(kDay + 1ms);
  sweep();
  EXPECT_FALSE(exists(stuck) || exists(beside)) << "they are looked at again after a day";
  clock_.advance(30 * kDay);
  sweep();
  EXPECT_FALSE(exists(lasting)) << "what was noted with them was not lost";
}

TEST_P(RetentionTest, AnAnswerIsForgottenWhenItsTimeIsOver) {
  Digest scope{};
  for (std::uint8_t i = 1; i <= 3; ++i) {
    scope[0] = i;
    const JobId id = ids_.make<JobId>(0);
    auto persist = std::make_shared<Persist>();
    persist->change.idempotency = IdempotencyRow{scope, {}, 202, "answer", clock_.now()};
    persist->records = {{"job.accepted", Json::object(), {}}};
    persist->change.insert.emplace().id = id;
    classes_[id] = kDay;
    persist->frame.job = id;
    persist->done = [](const Persisted&) {};
    ++health_.changes_waiting;
    link_records(*persist, clock_.now());
    committer_.commit({persist});
    clock_.advance(10h);
  }
  sweep();
  scope[0] = 1;
  EXPECT_FALSE(reader_->idempotency(scope)->has_value());
  scope[0] = 2;
  EXPECT_TRUE(reader_->idempotency(scope)->has_value());
}

/// Sixty days in seconds: jobs of four classes, some of which are open for long or are run again, a sweep each hour.
TEST_P(RetentionTest, TablesDoNotGrowForEver) {
  const char* const seed = std::getenv("TROUPE_TEST_SEED");
  std::mt19937_64 chance(seed ? std::strtoull(seed, nullptr, 10) : 1);
  const auto one_in = [&](std::uint64_t n) { return chance() % n == 0; };
  constexpr std::array<Millis, 4> kClasses = {Millis(2h), Millis(kDay), Millis(3 * kDay), Millis(20 * kDay)};
  shortest_ = 2h;
  std::vector<JobId> open, ended;
  std::size_t made = 0, most_rows = 0;
  const std::size_t per_hour = GetParam() ? 2 : 10;  // each commit of a disk takes its time
  for (int day = 0; day < 60; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      for (std::size_t i = 0; i < per_hour; ++i, ++made)
        open.push_back(accept(kClasses[one_in(10) ? 3 : chance() % 3], static_cast<Slot>(chance() % 2)));
      for (std::size_t i = open.size(); i-- > 0;) {
        if (one_in(50)) continue;  // it goes on for another hour
        end(open[i], one_in(3) ? Status::failed : Status::success);
        ended.push_back(open[i]);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (!ended.empty() && exists(ended.back()) && one_in(5)) {
        retry(ended.back());
        open.push_back(ended.back());
        ended.pop_back();
      }
      clock_.advance(1h);
      sweep();
    }
    if (day % 10 == 9) expect_whole();
    if (day >= 30) most_rows = std::max(most_rows, rows().journal + rows().stubs);
  }
  // Alive are at most a day's jobs of the first, a day of the second, three of the third and a tenth of twenty days:
  // some 24 * 10 * (0.3 + 0.3 + 0.9 + 2) jobs of two or three rows, and as many stubs as rows before a checkpoint.
  const std::size_t alive = 24 * per_hour * 4 * 3;
  EXPECT_LT(most_rows, 2 * alive + 4000) << made << " jobs were made, each has at least two rows";
  for (const JobId& job : open) end(job);
  clock_.advance(21 * kDay);
  sweep();
  clock_.advance(1h);
  sweep();
  JobQuery any;
  EXPECT_TRUE(reader_->jobs(any)->empty());
  EXPECT_TRUE(reader_->retained(0, clock_.now() + 1000 * kDay, 10)->empty());
  EXPECT_LT(rows().journal + rows().stubs, most_rows);
  RecordProperty("most_rows", static_cast<int>(most_rows));
}

std::string name_of(const testing::TestParamInfo<bool>& store) { return store.param ? "Sqlite" : "Memory"; }
INSTANTIATE_TEST_SUITE_P(Stores, RetentionTest, testing::Bool(), name_of);

}  // namespace
}  // namespace troupe::test
