// What a client is told is so. A job that was accepted is durable by then, and is the one that was asked for; of a
// request that was refused no job ever comes; one name, one key, one request make one job; a cancel that was taken has
// stopped the run; a retry that was taken is a run, and only one; who asks again with the key of what was done is told
// so.
#include <map>
#include <set>
#include <unordered_map>

#include "sim/checkers/all.hpp"
#include "sim/world.hpp"

namespace troupe::sim {
namespace {

class TrueAnswers final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "true answers"; }

  void asked(const Request& request) override {
    if (request.wish) wishes_[request.mark()] = request.wish;
    if (request.key) {
      key_of_[request.mark()] = *request.key;
      if (keys_done_.contains(*request.key) && keys_of_records_.contains(*request.key)) repeats_.insert(request.mark());
    }
    if (request.ask == Ask::retry) retries_[*request.job].insert(request.mark());
    if (request.ask == Ask::cancel && !retries_[*request.job].empty()) beside_retry_.insert(request.mark());
  }

  void stored(const StoredChange& change) override {
    if (change.change.insert) new_job(*change.job, change.change);
    for (const Json& record : change.records) {
      const std::string& mark = record.at("actor").get_ref<const std::string&>();
      if (const auto key = key_of_.find(mark); key != key_of_.end()) keys_of_records_.insert(key->second);
      if (record.at("action") == "job.retried") {
        use_key(mark);
        expect(retried_.emplace(mark, change.job->row.run).second, "a request to retry makes one run", mark);
        expect(!refused_.contains(mark), "of a retry that was refused no run comes", mark);
      } else if (record.at("action") == "signal.received" || record.at("action") == "attempt.resolved") {
        use_key(mark);
        expect(said_.insert(mark).second, "a request is one signal, or one decision about a doubt", mark);
        expect(!refused_.contains(mark), "what people say and is refused does not count", mark);
      }
    }
  }

  void accepted(const Request& request, const Result<AcceptedJob>& result) override {
    const std::string mark = request.mark();
    if (!result) {
      refused_.insert(mark);
      expect(!job_of_.contains(mark), "a request that made a job is not refused",
             mark + ", " + std::string(code_text(result.error().code)));
      return;
    }
    const JobId id = result->kept ? parse_id<JobId>(result->kept->body).value_or(JobId{}) : result->id;
    const StoredJob* job = world_.jobs().find(id);
    expect(job != nullptr, "a job that is told to be accepted is durable", mark + ", job " + to_string(id));
    const SubmitJob& wanted = request.wish->job;
    expect(job->row.client_id == wanted.client_id && job->row.workflow_key == wanted.workflow_key &&
               job->row.job_id == wanted.job_id && wishes_.at(job->row.user_id)->job.request == wanted.request,
           "the job that a client is told of is what it asked for", mark + ", job " + to_string(id));
    if (!result->kept && !result->repeated)
      expect(job->row.user_id == mark, "a new job is of the request that is told of it", mark);
  }

  void changed(const Request& request, const Result<JobChange>& result) override {
    const std::string mark = request.mark();
    const StoredJob& job = *world_.jobs().find(*request.job);
    if (!result && result.error().code == ErrorCode::internal)
      expect(world_.was_refused(job.row.id), "nothing breaks of a job whose changes the store takes", mark);
    if (request.key && result) keys_done_.insert(*request.key);
    if (repeats_.contains(mark) && !result)
      expect(result.error().retryable, "what was done is told again to who asks again with its key",
             mark + ", " + std::string(code_text(result.error().code)));
    if (request.ask == Ask::cancel) {
      if (result) {
        expect(has_stopped(job), "a run whose cancel was taken has stopped", mark);
      } else if (result.error().code == ErrorCode::job_finished) {
        expect(ended_since(job, request.seq_then) || beside_retry_.contains(mark),
               "a job that is told to have ended has", mark);
      }
      return;
    }
    if (request.ask == Ask::review) return;  // approvals.cpp
    if (request.ask == Ask::retry) retries_[*request.job].erase(mark);
    if (!result && result.error().code == ErrorCode::internal) return;  // it broke: nobody knows what came of it
    if (!result) refused_.insert(mark);
    const std::string code = result ? "" : std::string(code_text(result.error().code));
    if (request.ask == Ask::signal || request.ask == Ask::resolve) {
      expect(said_.contains(mark) == (result && !result->kept), "what people say counts if, and only if, it was taken",
             mark + ", " + code);
      return;
    }
    const auto made = retried_.lower_bound({mark, RunId{}});
    const bool has_made = made != retried_.end() && made->first == mark;
    expect(has_made == (result && !result->kept), "a retry makes a run if, and only if, it was taken",
           mark + ", " + code);
    if (has_made) expect(made->second == result->run, "the run that is told to begin is the one that was made", mark);
  }

 private:
  void new_job(const StoredJob& job, const Change& change) {
    const JobRow& row = job.row;
    if (change.job_key)
      expect(by_name_.emplace(std::pair(row.client_id, change.job_key->job_id), row.id).second,
             "a client's job_id, or an attempt of a step, names one job", change.job_key->job_id);
    if (job.is_child || !wishes_.contains(row.user_id)) {
      expect(job.is_child || row.user_id.empty(), "a job comes of a request, a step or a schedule", to_string(row.id));
      return;
    }
    expect(job_of_.emplace(row.user_id, row.id).second, "a request makes one job", row.user_id);
    expect(!refused_.contains(row.user_id), "of a request that was refused no job comes", row.user_id);
    if (!row.job_id.empty())
      expect(by_job_id_.emplace(std::pair(row.client_id, row.job_id), row.id).second, "a client's job_id names one job",
             row.job_id);
    const WishPtr& wish = wishes_.at(row.user_id);
    if (wish->job.idempotency)
      expect(by_key_.emplace(wish->job.idempotency->scope, row.id).second, "an Idempotency-Key makes one job",
             row.user_id);
  }

  void use_key(const std::string& mark) {
    if (const auto key = key_of_.find(mark); key != key_of_.end())
      expect(keys_used_.insert(key->second).second, "an Idempotency-Key is one change", mark);
  }

  /// Or another run has begun since.
  static bool has_stopped(const StoredJob& job) { return job.state.phase != RunPhase::forward || job.runs.size() > 1; }

  static bool ended_since(const StoredJob& job, std::uint64_t seq) {
    bool ended = false;
    for (const auto& [last_seq, status] : job.versions) ended |= last_seq >= seq && has_ended(status);
    return ended;
  }

  std::unordered_map<std::string, WishPtr> wishes_;  ///< by mark
  std::unordered_map<std::string, JobId> job_of_;
  std::set<std::string> refused_;
  std::set<std::string> said_;                                ///< signals, and decisions about doubts
  std::unordered_map<JobId, std::set<std::string>> retries_;  ///< not answered yet
  std::set<std::string> beside_retry_;                        ///< cancels that may count as before a retry, or after it
  std::set<std::pair<std::string, RunId>> retried_;
  std::map<std::pair<std::string, std::string>, JobId> by_name_, by_job_id_;
  std::map<Digest, JobId> by_key_;
  std::unordered_map<std::string, Digest> key_of_;  ///< of a change, by mark
  std::set<Digest> keys_used_;
  std::set<Digest> keys_of_records_;
  std::set<Digest> keys_done_;     ///< of changes that were told to be made; what changed nothing left no record
  std::set<std::string> repeats_;  ///< requests with a key of both
};

}  // namespace

std::unique_ptr<Checker> make_true_answers(World& world) { return std::make_unique<TrueAnswers>(world); }

}  // namespace troupe::sim
