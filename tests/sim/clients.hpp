// Everyone who asks the node for something. Requests are numbered, and what comes of them is told to the checkers; a
// client that wants a job and can repeat its request does so until it is answered.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/dice.hpp"
#include "sim/request.hpp"

namespace troupe::sim {

class World;
class Host;

class Clients {
 public:
  Clients(World& world, Dice dice) : world_(world), dice_(dice) {}

  /// Something to post; the wish may be one that was made before.
  WishPtr make_wish();
  /// Of the workflow `probe`.
  WishPtr make_probe();
  /// All of them in one request to the node that serves; without one, later.
  void post(const std::vector<WishPtr>& wishes);

  /// A request about a job. `send` is given the reply function. Without a node that serves, nothing.
  template <class T>
  using Send = std::function<void(Gateway&, const Request&, const Caller&, Reply<T>)>;
  void ask_change(Ask ask, const JobId& job, const Particulars& with, const Send<JobChange>& send);
  void ask_view(Ask ask, const JobId& job, const Send<JobView>& send);
  /// Any other: `send` calls the function once it is answered.
  void ask_other(const std::function<void(Gateway&, const Caller&, std::function<void()>)>& send);

  /// Some job that is stored; nothing: there is none.
  std::optional<JobId> some_job();
  IdempotencyKey fresh_key();
  /// Of a job, or of its retry; by their number `n` no others are like them.
  Document draw_inputs();

  /// Requests until then that the node has not answered.
  std::string owed_by(const Life& life, Timestamp until) const;
  void node_gone(const Life& life);
  /// Requests that a living node owes an answer, and wishes that are posted again.
  std::size_t open() const { return open_.size() + wishes_open_; }
  std::size_t wishes() const { return wishes_made_; }
  /// For the trace of what does not end.
  std::string what_is_open() const;

 private:
  RequestPtr make_request(Ask ask, const LifePtr& life);
  /// False: the process is dead, and nobody hears the answer.
  bool is_heard(const RequestPtr& request);
  void answered(const WishPtr& wish, const Result<AcceptedJob>& result);
  /// `wait`: so long it is told to.
  void post_again(const WishPtr& wish, std::optional<Millis> wait = {});
  SubmitJob draw_job();

  World& world_;
  Dice dice_;
  std::uint64_t requests_ = 0;
  std::map<std::uint64_t, RequestPtr> open_;
  std::size_t wishes_made_ = 0, wishes_open_ = 0, inputs_drawn_ = 0;
  std::vector<WishPtr> named_;  ///< wishes with a job_id or key, to be repeated or clashed with
};

}  // namespace troupe::sim
