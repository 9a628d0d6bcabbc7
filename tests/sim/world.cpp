#include "sim/world.hpp"

#include <algorithm>

#include "sim/actions/all.hpp"
#include "sim/workflows.hpp"

namespace troupe::sim {
namespace {

constexpr std::size_t kDepthMax = 3;
constexpr std::size_t kDueMax = 16;  // events of the world that are looked at at once
constexpr std::uint64_t kEventsAtOnce = 500'000;
/// After the last fault, what is still engaged stays so for this long: what it was to do must be done then.
constexpr Millis kSwitchesStay{20'000};
ClientRates draw_client_rates(Dice& dice) {
  const auto draw = [&] {
    RateLimit limit = draw_rate_limit(dice);
    limit.limit *= 5;
    limit.burst *= 3;
    return limit;
  };
  ClientRates rates;
  if (dice.chance(50)) rates.named["client-0"] = draw();
  if (dice.chance(20)) rates.all = draw();
  if (dice.chance(50)) rates.named["client-1"] = RateLimit{};
  return rates;
}

constexpr const char* kProbe = R"({"key": "probe", "steps": [{"name": "only", "type": "noop"}]})";

}  // namespace

World::World(Settings settings)
    : settings_(settings),
      dice_(settings.seed * 0x9E3779B97F4A7C15ULL + 1),
      schedule_(dice_.fork()),
      trace_(settings.trace_kept),
      store_(std::make_unique<SimStore>(*this)),
      clients_(std::make_unique<Clients>(*this, dice_.fork())),
      checkers_(make_checkers(*this)) {
  calm_ = dice_.chance(10);
  client_rates_ = draw_client_rates(dice_);
}

World::~World() {
  for (const auto& host : hosts_) host->life()->dead = true;
}

Report World::report() const {
  Report report{finding_, trace_.digest(), events_, stored_.ids().size(), now_ - kBegin, {}, seen_};
  report.tail.assign(trace_.tail().begin(), trace_.tail().end());
  return report;
}

// --- what happens next ---------------------------------------------------------------------------------------------

void World::after(Millis wait, std::function<void()> event) { agenda_.emplace(now_ + wait, std::move(event)); }

bool World::step() {
  if (finding_) return false;
  if (++events_at_once_ > kEventsAtOnce) violated("the node comes to rest", "it goes on and on at one moment");
  if (schedule_.chance(0.5)) manner_ = static_cast<Manner>(schedule_.number(3));
  std::size_t ready = 0;
  for (const auto& host : hosts_) ready += host->ready();
  std::size_t due = 0;
  for (auto it = agenda_.begin(); it != agenda_.end() && it->first <= now_ && due < kDueMax; ++it) ++due;
  const bool database_is_quick = phase_ >= Phase::liveness;
  if (ready + due == 0) return (depth_ == 0 || !database_is_quick) && time_goes_by();
  if (has_faults() && schedule_.chance(0.5)) pass(schedule_.between(Millis(1), Millis(30)));
  return step_ready(schedule_.number(ready + due), due);
}

/// The first `due` are events of the world, the others things that a node could do.
bool World::step_ready(std::size_t which, std::size_t due) {
  ++events_;
  if (which < due) {
    const auto event = std::next(agenda_.begin(), static_cast<std::ptrdiff_t>(which));
    const std::function<void()> happens = std::move(event->second);
    agenda_.erase(event);
    happens();
    return true;
  }
  which -= due;
  for (const auto& host : hosts_) {
    const std::size_t ready = host->ready();
    if (which >= ready) {
      which -= ready;
      continue;
    }
    if (manner_ == Manner::oldest) which = 0;
    if (manner_ == Manner::newest) which = ready - 1;
    host->go_on(which);
    return true;
  }
  return false;
}

bool World::time_goes_by() {
  std::optional<Millis> wait;
  const auto at_most = [&](Millis time) { wait = wait ? std::min(*wait, time) : time; };
  if (!agenda_.empty()) at_most(std::max(Millis(0), agenda_.begin()->first - now_));
  for (const auto& host : hosts_)
    if (const auto time = host->until_timeout()) at_most(*time);
  if (!wait) return false;
  pass(std::max(Millis(1), *wait));
  return true;
}

void World::pass(Millis time) {
  now_ += time;
  events_at_once_ = 0;
  for (const auto& host : hosts_) host->pass(time);
}

bool World::go_on_until(const std::function<bool()>& holds, Millis time) {
  const Timestamp end = now_ + time;
  after(time, [] {});  // time goes by until then, and no further
  while (!holds())
    if (now_ >= end || !step()) return false;
  return true;
}

void World::interleave(double percent, std::size_t most) {
  if (depth_ >= kDepthMax || finding_ || !schedule_.chance(percent)) return;
  ++depth_;
  for (std::size_t left = 1 + schedule_.number(most); left > 0 && step(); --left) {
  }
  --depth_;
}

bool World::run_until(const std::function<bool()>& holds, Millis patience) {
  const Timestamp end = now_ + patience;
  while (!holds()) {
    if (now_ > end || !step()) return false;
    end_in_order();
    bury_the_dead();
  }
  return !finding_;
}

std::optional<Timestamp> World::quiet_since() const {
  if (phase_ < Phase::liveness) return std::nullopt;
  return liveness_began_ + kSwitchesStay;
}

// --- nodes ---------------------------------------------------------------------------------------------------------

Host* World::node() {
  Host* serves = nullptr;
  for (const auto& host : hosts_)
    if (host->is_up() && (serves == nullptr || host->life()->owns_shards || !serves->life()->owns_shards))
      serves = host.get();
  return serves;
}

std::size_t World::nodes() const {
  return starting_ + static_cast<std::size_t>(
                         std::count_if(hosts_.begin(), hosts_.end(), [](const auto& host) { return host->is_up(); }));
}

void World::start_node() {
  auto life = std::make_shared<Life>();
  life->number = ++lives_;
  life->started_at = now_;
  if (has_faults() && !calm_ && dice_.chance(30)) life->clock_offset = dice_.between(Millis(-5'000), Millis(5'000));
  Host::Size size;
  size.slots = life->slots = dice_.chance(25) ? 1 : 1 + dice_.number(6);
  size.writers = 1 + dice_.number(2);
  if (has_faults() && dice_.chance(20)) size.live_max = 30;
  trace(life->name(), " starts");
  hosts_.push_back(std::make_unique<Host>(*this, life, size));
  Host* host = hosts_.back().get();
  ++starting_;
  const bool is_up = host->start();
  --starting_;
  if (!is_up) life->dead = true;
}

void World::kill(Host& host) {
  if (host.life()->dead) return;
  trace(host.life()->name(), " is killed");
  saw("node killed");
  gone(host);
}

void World::gone(Host& host) {
  host.life()->dead = true;
  tell([&](Checker& checker) { checker.node_gone(*host.life()); });
  clients_->node_gone(*host.life());
}

void World::kill_life(const LifePtr& life) {
  for (const auto& host : hosts_)
    if (host->life() == life) return kill(*host);
}

void World::stop(Host& host, Millis grace) {
  if (to_stop_ || host.life()->stopping) return;
  host.life()->stopping = true;
  trace(host.life()->name(), " is to stop within ", grace.count(), " ms");
  to_stop_ = host.life();
  grace_ = grace;
}

/// Between any two steps, so that nothing that it waits for is in the middle of a call that waits for it.
void World::end_in_order() {
  const auto found =
      std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host->life() == to_stop_; });
  if (found == hosts_.end()) return to_stop_.reset();
  Host& host = **found;
  const Timestamp told_at = now_;
  host.stop(grace_);
  to_stop_.reset();
  if (host.life()->dead || finding_) return;  // it was killed meanwhile
  trace(host.life()->name(), " has stopped");
  saw("node stopped");
  const bool can_write = store_->outage() == SimStore::Outage::none && store_->last_outage() < told_at;
  const std::string owed = clients_->owed_by(*host.life(), told_at);
  if (can_write && !owed.empty()) violated("a node that is stopped answers who has asked before", owed);
  tell([&](Checker& checker) { checker.node_stopped(*host.life()); });
  gone(host);
}

/// Nothing else happens meanwhile.
void World::bury_the_dead() {
  const auto dead =
      std::stable_partition(hosts_.begin(), hosts_.end(), [](const auto& host) { return !host->life()->dead; });
  const std::vector<std::unique_ptr<Host>> gone(std::make_move_iterator(dead), std::make_move_iterator(hosts_.end()));
  hosts_.erase(dead, hosts_.end());
  depth_ += kDepthMax;
  for (const auto& host : gone) host->tear_down();
  depth_ -= kDepthMax;
}

void World::taken_over(const LifePtr& life) {
  for (const auto& host : hosts_) {
    if (host->life() != life && host->life()->owns_shards && !host->life()->dead) saw("shards taken over");
    host->life()->owns_shards = host->life() == life;
  }
  life->had_shards = true;
}

/// As whoever runs the node does: one that is gone is started, one that is fenced is started again.
void World::watch_over_nodes() {
  if (nodes() == 0) start_node();
  if (Host* served = node(); served != nullptr && starting_ == 0) {
    const auto reasons = served->gateway().readiness().reasons;
    const bool is_fenced = std::any_of(reasons.begin(), reasons.end(), [](const std::string& reason) {
      return reason.find("taken over") != std::string::npos;
    });
    if (is_fenced) kill(*served);
  }
  if (phase_ >= Phase::liveness && now_ >= liveness_began_ + kSwitchesStay) {
    release_switches(*this);
    remove_schedules(*this);
    decide_approvals(*this);
    decide_doubts(*this);
  }
  after(has_faults() ? dice_.between(Millis(100), Millis(3'000)) : Millis(200), [this] { watch_over_nodes(); });
}

// --- rules ---------------------------------------------------------------------------------------------------------

void World::violated(const std::string& rule, const std::string& what) {
  if (finding_) return;
  finding_ = Finding{rule, what, now_};
  trace("VIOLATED: ", rule, ": ", what);
}

void World::tell(const std::function<void(Checker&)>& what) {
  for (const auto& checker : checkers_) {
    if (finding_) return;
    try {
      what(*checker);
    } catch (const std::exception& broken) {
      violated(std::string(checker->name()), broken.what());
    }
  }
}

void World::written(const Commit& commit, const LifePtr& life) {
  if (finding_) return;
  try {
    stored_.follow(commit, life, [&](const StoredChange& change) {
      for (const SettingRow& row : change.change.settings)
        trace(life->name(), row.document.present() ? " sets " : " removes ", row.kind, " ", row.id, " ",
              row.document.view());
      for (const Json& record : change.records)
        trace(life->name(), " writes ", record.at("action").get_ref<const std::string&>(), " of ", change.id, " ",
              record.at("details").value("step", ""), " ", record.at("details").value("item", 0));
      tell([&](Checker& checker) { checker.stored(change); });
    });
    tell([](Checker& checker) { checker.committed(); });
  } catch (const std::exception& broken) {
    violated("what is stored can be read", broken.what());
  }
}

// --- the phases ----------------------------------------------------------------------------------------------------

Report World::play() {
  if (prelude() && safety_phase() && liveness_phase()) end_phase();
  for (const auto& host : hosts_) host->life()->dead = true;
  bury_the_dead();
  return report();
}

/// A node is up and knows its workflows.
bool World::prelude() {
  phase_ = Phase::prelude;
  start_node();
  watch_over_nodes();
  const auto apply = [this](const std::string& definition) {
    clients_->ask_other([&](Gateway& gateway, const Caller& caller, const std::function<void()>& done) {
      gateway.apply_workflow(caller, definition, std::nullopt, {}, [done](const Result<AppliedWorkflow>&) { done(); });
    });
  };
  apply(kProbe);
  for (std::size_t i = 0; i < kWorkflows; ++i) apply(draw_workflow(workflow_key(i), dice_));
  if (!run_until([this] { return clients_->open() == 0; }, Millis(60'000))) return !finding_;
  for (std::size_t i = 0; i < kWorkflows; ++i)
    if (stored_.newest_version(workflow_key(i)) == 0)
      violated("the simulator's definitions are valid", workflow_key(i));
  return !finding_;
}

bool World::safety_phase() {
  phase_ = Phase::safety;
  act();
  if (!run_until([this] { return clients_->wishes() >= settings_.jobs; }, Millis(24 * 3'600'000))) return false;
  if (calm_ || !dice_.chance(30)) return true;
  // What was forgotten just before all is quiet is not found by the next node, or the next fault.
  asks_no_more_ = true;
  store_->have_bad_reads(dice_.chance(50));
  const Timestamp end = now_ + dice_.between(Millis(20'000), Millis(120'000));
  return run_until([&] { return now_ >= end; }, Millis(3'600'000));
}

void World::act() {
  if (phase_ != Phase::safety || asks_no_more_) return;
  static const unsigned total = [] {
    unsigned sum = 0;
    for (const Action& action : all_actions()) sum += action.weight;
    return sum;
  }();
  std::size_t drawn = dice_.number(total);
  for (const Action& action : all_actions()) {
    if (drawn >= action.weight) {
      drawn -= action.weight;
      continue;
    }
    if (!calm_ || !action.is_fault) action.perform(*this);
    break;
  }
  // Now and then nobody asks for anything for a while: what lies further ahead comes while things still fail.
  const bool is_night = dice_.chance(0.6);
  after(is_night ? dice_.between(Millis(10'000), Millis(90'000)) : dice_.skewed(Millis(100)), [this] { act(); });
}

bool World::liveness_phase() {
  phase_ = Phase::liveness;
  liveness_began_ = now_;
  trace("no faults from now on");
  store_->end_outage();
  store_->have_bad_reads(false);
  const bool restarts = dice_.chance(40);
  for (const auto& host : hosts_)
    if (restarts || host.get() != node()) kill(*host);
  bury_the_dead();
  for (const auto& host : hosts_) host->heal();
  const auto is_over = [this] {
    return stored_.open() == 0 && clients_->open() == 0 && now_ >= liveness_began_ + kSwitchesStay &&
           stored_.schedules().empty() && node() != nullptr && node()->gateway().kill_switches({}).empty();
  };
  const bool ended = run_until(is_over, Millis(3 * 3'600'000));
  if (!ended && !finding_) violated("everything that was accepted ends", what_is_open());
  return ended;
}

void World::end_phase() {
  phase_ = Phase::end;
  const WishPtr probe = clients_->make_probe();
  clients_->post({probe});
  run_until([&] { return clients_->open() == 0 && stored_.open() == 0; }, Millis(60'000));
  if (finding_) return;
  const StoredJob* job = stored_.ids().empty() ? nullptr : stored_.find(stored_.ids().back());
  if (job == nullptr || job->row.workflow_key != "probe" || job->row.status != Status::success)
    return violated("a node that has done its work takes more", what_is_open());
  const Timestamp patience = now_ + Millis(60'000);
  run_until([&] { return now_ > patience; }, Millis(120'000));
  run_until([&] { return node() != nullptr && node()->ready() == 0; }, Millis(60'000));
  if (finding_) return;
  const Census census = node()->census();
  tell([&](Checker& checker) { checker.at_end(census); });
}

std::string World::what_is_open() const {
  std::string text = clients_->what_is_open();
  for (const JobId& id : stored_.ids()) {
    const StoredJob& job = *stored_.find(id);
    if (has_ended(job.row.status)) continue;
    text += (text.empty() ? "job " : ", job ") + to_string(id) + " " + std::string(status_text(job.row.status)) +
            (job.parked ? " parked" : "") + " phase " + std::to_string(static_cast<int>(job.state.phase)) +
            " deadline in " + std::to_string((job.state.deadline - now_).count()) + " ms";
  }
  return text.empty() ? "nothing is open" : text;
}

}  // namespace troupe::sim
