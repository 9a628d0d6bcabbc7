// Kill switches: how an operator stops work of one kind. Which of those that are engaged governs a piece of work, and
// whether one that was asked for makes sense. Pure values; who keeps them and what follows is the actors' business.
//
//            nothing new is accepted   nothing new is started   running work is stopped
//   drain               x
//   pause               x                        x
//   kill                x                        x                        x
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/base/error.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/result.hpp"
#include "troupe/base/time.hpp"

namespace troupe {

using KillSwitchId = Id<struct KillSwitchTag>;

/// From the widest to the narrowest.
enum class SwitchScope : std::uint8_t { global, workflow, client, pool, node };
inline constexpr std::array kSwitchScopes = {SwitchScope::global, SwitchScope::workflow, SwitchScope::client,
                                             SwitchScope::pool, SwitchScope::node};
/// From the weakest to the strongest: each does all that the one before it does.
enum class SwitchMode : std::uint8_t { drain, pause, kill };
inline constexpr std::array kSwitchModes = {SwitchMode::drain, SwitchMode::pause, SwitchMode::kill};

std::string_view scope_text(SwitchScope scope);
std::string_view mode_text(SwitchMode mode);
std::optional<SwitchScope> scope_from_text(std::string_view text);
std::optional<SwitchMode> mode_from_text(std::string_view text);

struct KillSwitch {
  KillSwitchId id;
  SwitchScope scope = SwitchScope::global;
  std::string target;  ///< the workflow's key, or the name of the client, pool or node; empty for global
  SwitchMode mode = SwitchMode::pause;
  std::string reason;
  std::string engaged_by;
  Timestamp engaged_at = kNever;

  bool operator==(const KillSwitch&) const = default;
};
using KillSwitchPtr = std::shared_ptr<const KillSwitch>;

/// `workflow product-poster`, or `global`.
std::string describe_scope(const KillSwitch& kill_switch);
/// What whoever is refused or stopped by it is told: which switch it is, what it covers, and why.
Error engaged_error(const KillSwitch& kill_switch);

/// A switch as it was asked for. What is absent was not given.
struct KillSwitchDraft {
  std::optional<std::string> scope, target, mode, reason;
};
inline constexpr std::size_t kSwitchReasonBytes = 1'000;
inline constexpr std::size_t kSwitchTargetBytes = limits::kClientIdChars;

/// Every fault of it, with pointers (`/target`). Without any, `resolve` gives its value.
std::vector<Fault> faults_of(const KillSwitchDraft& draft);
/// All that a draft tells; id, who and when are the caller's. Fails with validation_failed.
Result<KillSwitch> resolve(const KillSwitchDraft& draft);

/// A piece of work, or as much of it as matters: what is empty is not asked about.
struct SwitchedWork {
  std::string_view workflow, client, pool, node;
};
bool covers(const KillSwitch& kill_switch, const SwitchedWork& work);

/// The switches that are engaged.
class KillSwitchSet {
 public:
  void add(KillSwitchPtr kill_switch);
  void remove(const KillSwitchId& id);

  bool empty() const { return by_id_.empty(); }
  /// The strongest that covers the work, of several the one of the widest scope, of these the oldest. Null: none does.
  KillSwitchPtr governing(const SwitchedWork& work) const;

 private:
  using ByTarget = std::map<std::string, std::map<KillSwitchId, KillSwitchPtr>, std::less<>>;
  void consider(SwitchScope scope, std::string_view target, KillSwitchPtr& best) const;

  std::map<KillSwitchId, KillSwitchPtr> by_id_;
  std::array<ByTarget, kSwitchScopes.size()> by_scope_;
};

}  // namespace troupe
