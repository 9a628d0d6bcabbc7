#include "actors/switches/kill_sweep.hpp"

#include <atomic>

#include "actors/node/blocking_pool.hpp"
#include "actors/switches/kill_request.hpp"
#include "actors/timer/timers.hpp"

namespace troupe {
namespace {

constexpr Millis kPause{1'000};  // when the store cannot be read

/// Jobs of before now have smaller ids. (While a switch is engaged none are accepted that it covers.)
JobId first_id_after(Timestamp now) {
  JobId id;
  auto ms = static_cast<std::uint64_t>(to_unix_ms(now) + 1);
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes[i] = static_cast<std::uint8_t>(ms);
  return id;
}

JobQuery query_of(const KillSwitch& by) {
  JobQuery query;
  if (by.scope == SwitchScope::workflow) query.workflow_key = by.target;
  if (by.scope == SwitchScope::client) query.client_id = by.target;
  query.limit = limits::kPageMax;
  return query;
}

}  // namespace

/// Lives as long as a request of the page does: one that is dropped unanswered (its run has died, and looks at the
/// switches when it is loaded again) counts like one that was answered.
struct KillSweep::Page {
  Page(std::shared_ptr<KillSweep> of, Pass so_far, bool last)
      : sweep(std::move(of)), pass(std::move(so_far)), is_last(last) {}
  ~Page() {
    pass.is_incomplete = pass.is_incomplete || has_failed;
    sweep->page_done(std::move(pass), is_last);
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::shared_ptr<KillSweep> sweep;
  Pass pass;
  bool is_last;
  std::atomic<bool> has_failed{false};
};

void KillSweep::add(KillSwitchPtr kill_switch) {
  Pass pass;
  pass.by = std::move(kill_switch);
  pass.before = first_id_after(node_.clock.now());
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(pass));
    if (std::exchange(is_at_work_, true)) return;
  }
  begin_next();
}

void KillSweep::begin_next() {
  Pass pass;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      is_at_work_ = false;
      return;
    }
    pass = std::move(waiting_.front());
    waiting_.pop_front();
  }
  go_on(pass);
}

void KillSweep::go_on(const Pass& pass) {
  if (node_.health.stopping) return;
  node_.blocking.run_always([self = shared_from_this(), pass] { self->read_page(pass); });
}

void KillSweep::go_on_later(const Pass& pass) {
  if (node_.health.stopping) return;
  node_.timers.call_at(node_.clock.now() + kPause, [self = shared_from_this(), pass] { self->go_on(pass); });
}

void KillSweep::read_page(const Pass& pass) {
  JobQuery query = query_of(*pass.by);
  query.status = pass.status;
  query.before = pass.after_page.value_or(pass.before);
  const auto rows = node_.reader.jobs(query);
  if (!rows) return go_on_later(pass);
  Pass next = pass;
  if (!rows->empty()) next.after_page = rows->back().id;
  const auto page =
      std::make_shared<Page>(shared_from_this(), next, rows->size() < static_cast<std::size_t>(query.limit));
  for (const JobRow& row : *rows)
    cancel_(row.id, kill_request(*pass.by, [page](Result<JobChange> change) {
              if (!change && change.error().retryable) page->has_failed = true;
            }));
}

void KillSweep::page_done(Pass pass, bool was_last) {
  if (!was_last) return go_on(pass);
  pass.after_page.reset();
  if (pass.status == Status::pending) {
    pass.status = Status::running;
    return go_on(pass);
  }
  if (!std::exchange(pass.is_incomplete, false)) return begin_next();
  pass.status = Status::pending;
  go_on_later(pass);
}

}  // namespace troupe
