// How the actors of a node share its threads: CAF's coordinator with two things of our own.
//
// - A thread runs next, itself, what its actor woke last (job -> run -> broker -> worker pass one thing on): nobody is
//   woken and the data is still in the cache. What it woke before that goes to the queue of all, for whoever is free.
//   So an actor that is going to be busy for long says so first (`hand_over`).
//   Measured: CAF's own sharing wakes another thread for every such message.
// - An actor that ends does not wake the clock's thread to have its time-outs cancelled: none of ours has any. CAF's
//   clock is told by every actor that ends, which cost a tenth of the server's time with two short actors a job.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/policy/unprofiled.hpp>
#include <caf/scheduler/coordinator.hpp>

namespace troupe {

/// A policy of caf::scheduler::coordinator.
class PassOn : public caf::policy::unprofiled {
 public:
  /// What all threads take from.
  class Queue {
   public:
    explicit Queue(caf::scheduler::abstract_coordinator*) {}
    void put(caf::resumable* actor);
    caf::resumable* take();  ///< waits for one
    std::deque<caf::resumable*> take_all();

   private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<caf::resumable*> actors_;
  };
  using coordinator_data = Queue;

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    caf::resumable* next = nullptr;
    unsigned in_a_row = 0;  ///< taken from `next`; bounded, so that two actors cannot keep a thread to themselves
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* actor) {
    d(self).put(actor);
  }
  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* actor) {
    d(self->parent()).put(actor);
  }
  /// By the worker's own thread, while it runs an actor.
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* actor) {
    if (auto* before = std::exchange(d(self).next, actor)) d(self->parent()).put(before);
  }
  /// What this thread would run next goes to the others: its actor is about to be busy for long. Elsewhere, nothing.
  static void hand_over();

  template <class Worker>
  void before_resume(Worker* self, caf::resumable*) {
    here_ = {&d(self->parent()), &d(self)};
  }
  /// It has had its share and still has messages.
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* actor) {
    d(self->parent()).put(actor);
  }
  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    auto& data = d(self);
    auto* next = std::exchange(data.next, nullptr);
    if (next && ++data.in_a_row < kInARow) return next;
    data.in_a_row = 0;
    if (next) d(self->parent()).put(next);
    return d(self->parent()).take();
  }

  template <class Worker, class Function>
  void foreach_resumable(Worker*, Function) {}  // at the end `next` is empty: the end itself came from the queue
  template <class Coordinator, class Function>
  void foreach_central_resumable(Coordinator* self, Function function) {
    for (auto* actor : d(self).take_all()) function(actor);
  }

 private:
  static constexpr unsigned kInARow = 16;
  struct Here {
    Queue* queue = nullptr;
    worker_data* worker = nullptr;
  };
  static thread_local Here here_;
};

/// A module for caf::actor_system_config::load.
class NodeScheduler final : public caf::scheduler::coordinator<PassOn> {
 public:
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  using coordinator::coordinator;
  caf::detail::thread_safe_actor_clock& clock() noexcept override { return clock_; }

 private:
  /// The coordinator's clock for everything but the cancelling of what was never set.
  class Clock final : public caf::detail::thread_safe_actor_clock {
   public:
    explicit Clock(caf::actor_clock& clock) : clock_(clock) {}
    void set_ordinary_timeout(time_point at, caf::abstract_actor* actor, caf::atom_value type,
                              std::uint64_t id) override;
    void set_request_timeout(time_point at, caf::abstract_actor* actor, caf::message_id id) override;
    void set_multi_timeout(time_point at, caf::abstract_actor* actor, caf::atom_value type, std::uint64_t id) override;
    void cancel_ordinary_timeout(caf::abstract_actor* actor, caf::atom_value type) override;
    void cancel_request_timeout(caf::abstract_actor* actor, caf::message_id id) override;
    void cancel_timeouts(caf::abstract_actor* actor) override;
    void schedule_message(time_point at, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override;
    void schedule_message(time_point at, caf::group target, caf::strong_actor_ptr sender,
                          caf::message content) override;
    void cancel_all() override;

   private:
    caf::actor_clock& clock_;
  };

  Clock clock_{coordinator::clock()};
};

}  // namespace troupe
