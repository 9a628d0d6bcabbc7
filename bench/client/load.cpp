#include "bench/load.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "bench/fault.hpp"

namespace troupe::bench {
namespace {

constexpr std::size_t kStreamIndex = ~std::size_t{0};

Steady::duration interval_of(const Options& options) {
  if (options.mode != Options::Mode::latency) return Steady::duration(0);
  return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(1 / options.rate));
}

timespec timespec_of(Steady::duration duration) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(duration, Steady::duration(0))).count();
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      interval_(interval_of(options)),
      request_(options.host, options.workflow, options.batch),
      ledger_(options.job_count(), options.until_accepted ? JobLedger::Awaits::acceptances : JobLedger::Awaits::ends),
      stream_(options.host, options.port, options.workflow,
              [this](const RunEnd& end) { ledger_.on_ended(end, Steady::now()); }),
      poller_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!poller_) stop_with_errno("cannot make an epoll instance");
  prctl(PR_SET_TIMERSLACK, 1);  // ns; the default lets a scheduled submission be 50 us late
  watch(stream_.fd(), kStreamIndex);
  for (std::size_t i = 0; i < options.connections; ++i) {
    lanes_.push_back(std::make_unique<Lane>(Lane{HttpConnection(options.host, options.port)}));
    watch(lanes_.back()->connection.fd(), i);
    free_lanes_.push_back(i);
  }
}

void Load::watch(int fd, std::size_t index) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = index;
  if (epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd, &event) != 0) stop_with_errno("cannot watch a connection");
}

void Load::run() {
  const CpuTime before = cpu_time_now(options_.server_pid, options_.database_pid);
  start_ = last_sign_ = Steady::now();
  while (!is_over()) {
    const auto now = Steady::now();
    resume_rested(now);
    submit_what_is_due(now);
    if (poll_once(next_wake(now))) {
      last_sign_ = Steady::now();
    } else if (Steady::now() - last_sign_ > std::chrono::duration<double>(options_.stall_seconds)) {
      stop_with("nothing comes any more: of " + std::to_string(ledger_.accepted()) + " accepted jobs " +
                std::to_string(ledger_.ended()) + " have ended, " + std::to_string(in_flight_) +
                " requests are not answered");
    }
  }
  cpu_ = cpu_time_now(options_.server_pid, options_.database_pid) - before;
  heed_stragglers();
}

bool Load::is_over() const {
  return submitted_ == options_.job_count() && in_flight_ == 0 && resting_.empty() &&
         ledger_.done() == ledger_.accepted();
}

Steady::time_point Load::due(std::size_t job) const { return start_ + interval_ * static_cast<std::int64_t>(job); }

void Load::submit_what_is_due(Steady::time_point now) {
  while (!free_lanes_.empty() && submitted_ < options_.job_count()) {
    const auto since = is_open_loop() ? due(submitted_) : Steady::now();
    if (is_open_loop() && since > now) return;
    const std::size_t lane = free_lanes_.back();
    free_lanes_.pop_back();
    submit(lane, since);
    submitted_ += options_.batch;
  }
}

void Load::submit(std::size_t lane, Steady::time_point since) {
  lanes_[lane]->since = since;
  ++in_flight_;
  lanes_[lane]->connection.send(request_.numbered(submitted_));
}

void Load::resume_rested(Steady::time_point now) {
  while (!resting_.empty() && resting_.front().first <= now) {
    const std::size_t lane = resting_.front().second;
    resting_.pop_front();
    submit(lane, now);
  }
}

void Load::on_answer(std::size_t lane, const Answer& answer, Steady::time_point now) {
  --in_flight_;
  if (answer.status == 503) return on_shed(lane, answer, now);
  const auto note = [&](std::string_view accepted) {
    const auto job = parse_id<JobId>(string_member(accepted, "\"job_id\""));
    if (!job) stop_with("a submission was answered " + std::to_string(answer.status) + ": " + std::string(accepted));
    ledger_.on_accepted(*job, lanes_[lane]->since, now);
  };
  if (options_.batch == 1 && answer.status == 202) {
    note(answer.body);
  } else if (options_.batch > 1 && answer.status == 200) {
    for (std::string_view items = answer.body; !items.empty(); items.remove_prefix(items.find('\n') + 1))
      note(items.substr(0, items.find('\n')));
  } else {
    stop_with("a submission was answered " + std::to_string(answer.status) + ": " + std::string(answer.body));
  }
  free_lanes_.push_back(lane);
}

void Load::on_shed(std::size_t lane, const Answer& answer, Steady::time_point now) {
  ++shed_;
  if (is_open_loop()) return free_lanes_.push_back(lane);
  const auto rest = std::chrono::seconds(numeric_header(answer.head, "Retry-After").value_or(1));
  resting_.emplace_back(now + rest, lane);
}

Steady::time_point Load::next_wake(Steady::time_point now) const {
  auto wake = now + std::chrono::seconds(1);
  if (is_open_loop() && submitted_ < options_.job_count() && !free_lanes_.empty())
    wake = std::min(wake, due(submitted_));
  if (!resting_.empty()) wake = std::min(wake, resting_.front().first);
  return wake;
}

/// Waits and deals with what has come. False if nothing has.
bool Load::poll_once(Steady::time_point until) {
  std::array<epoll_event, 256> ready;
  const timespec patience = timespec_of(until - Steady::now());
  const int count = epoll_pwait2(poller_.get(), ready.data(), static_cast<int>(ready.size()), &patience, nullptr);
  if (count < 0 && errno != EINTR) stop_with_errno("cannot wait for the server");
  for (int i = 0; i < count; ++i) {
    const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
    if (index == kStreamIndex) {
      stream_.receive();
    } else if (const auto answer = lanes_[index]->connection.receive()) {
      on_answer(index, *answer, Steady::now());
    }
  }
  return count > 0;
}

/// An end that is told twice would come shortly after the first.
void Load::heed_stragglers() {
  const auto until = Steady::now() + std::chrono::milliseconds(250);
  while (Steady::now() < until) poll_once(until);
}

double Load::seconds() const { return std::chrono::duration<double>(ledger_.last_done() - start_).count(); }

}  // namespace troupe::bench
