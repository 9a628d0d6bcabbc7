#include "net/egress_policy.hpp"

#include <algorithm>

#include "troupe/base/ascii.hpp"
#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

enum class Kind { loopback, metadata, other };

struct Rule {
  const char* network;
  Kind kind;
  const char* name;
};

// The first that matches names the reason, so the single addresses stand before the networks that contain them.
// Sources: the IANA special-purpose address registries, and what the cloud providers document.
constexpr Rule kRules[] = {
    {"169.254.169.254", Kind::metadata, "cloud metadata service"},
    {"169.254.170.2", Kind::metadata, "cloud metadata service (container credentials)"},
    {"169.254.170.23", Kind::metadata, "cloud metadata service (pod credentials)"},
    {"100.100.100.200", Kind::metadata, "cloud metadata service"},
    {"168.63.129.16", Kind::metadata, "cloud metadata service (host agent)"},
    {"192.0.0.192", Kind::metadata, "cloud metadata service"},
    {"fd00:ec2::254", Kind::metadata, "cloud metadata service"},
    {"fd00:ec2::23", Kind::metadata, "cloud metadata service (pod credentials)"},
    {"fd20:ce::254", Kind::metadata, "cloud metadata service"},
    {"fd00:42::42", Kind::metadata, "cloud metadata service"},
    {"0.0.0.0/8", Kind::other, "unspecified address"},
    {"10.0.0.0/8", Kind::other, "private network"},
    {"100.64.0.0/10", Kind::other, "shared address space (carrier-grade NAT)"},
    {"127.0.0.0/8", Kind::loopback, "loopback"},
    {"169.254.0.0/16", Kind::other, "link-local"},
    {"172.16.0.0/12", Kind::other, "private network"},
    {"192.0.0.0/24", Kind::other, "reserved network"},
    {"192.0.2.0/24", Kind::other, "documentation network"},
    {"192.168.0.0/16", Kind::other, "private network"},
    {"198.18.0.0/15", Kind::other, "benchmarking network"},
    {"198.51.100.0/24", Kind::other, "documentation network"},
    {"203.0.113.0/24", Kind::other, "documentation network"},
    {"224.0.0.0/4", Kind::other, "multicast"},
    {"240.0.0.0/4", Kind::other, "reserved network"},
    {"::", Kind::other, "unspecified address"},
    {"::1", Kind::loopback, "loopback"},
    {"64:ff9b:1::/48", Kind::other, "private network (local NAT64)"},
    {"100::/64", Kind::other, "reserved network (discard)"},
    {"2001::/32", Kind::other, "Teredo tunnel"},
    {"2001:db8::/32", Kind::other, "documentation network"},
    {"fc00::/7", Kind::other, "private network"},
    {"fe80::/10", Kind::other, "link-local"},
    {"fec0::/10", Kind::other, "private network (site-local)"},
    {"ff00::/8", Kind::other, "multicast"},
};

struct CompiledRule {
  Cidr network;
  const Rule* rule;
};

const std::vector<CompiledRule>& rules() {
  static const std::vector<CompiledRule> compiled = [] {
    std::vector<CompiledRule> all;
    for (const Rule& rule : kRules) {
      const auto network = parse_cidr(rule.network);
      TROUPE_ASSERT(network, "an egress rule is not a network");
      all.push_back({*network, &rule});
    }
    return all;
  }();
  return compiled;
}

const Rule* rule_for(const IpAddress& address) {
  for (const CompiledRule& compiled : rules())
    if (compiled.network.contains(address)) return compiled.rule;
  return nullptr;
}

bool ends_with_label(std::string_view host, std::string_view label) {
  return host == label ||
         (host.size() > label.size() && host.ends_with(label) && host[host.size() - label.size() - 1] == '.');
}

// Names that never leave the machine or its cloud, whatever the resolver would say.
const Rule* rule_for_name(std::string_view host) {
  static constexpr Rule kLocalhost = {"localhost", Kind::loopback, "loopback"};
  static constexpr Rule kMetadata = {"metadata", Kind::metadata, "cloud metadata service"};
  if (ends_with_label(host, "localhost")) return &kLocalhost;
  if (host == "metadata" || host == "metadata.google.internal" || host == "metadata.goog") return &kMetadata;
  return nullptr;
}

Error forbidden(std::string_view what, const Rule& rule) {
  return Error{ErrorCode::egress_forbidden,
               "egress to " + std::string(what) + " is forbidden: " + rule.name + " (" + rule.network + ")",
               false,
               {}};
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == text.npos &&
         text.front() != '.' && text.front() != '-' && text.find("..") == text.npos && !parse_host_address(text);
}

}  // namespace

Result<EgressPolicy> EgressPolicy::make(const EgressOptions& options) {
  EgressPolicy policy;
  policy.allow_loopback_ = options.allow_loopback;
  Error faulty{ErrorCode::invalid_configuration, "the egress allow list has bad entries", false, {}};
  for (std::size_t i = 0; i < options.allow.size(); ++i) {
    const std::string entry = to_lower(options.allow[i]);
    if (const auto network = parse_cidr(entry)) {
      policy.networks_.push_back(*network);
    } else if (entry.starts_with("*.") && is_host_name(entry.substr(2))) {
      policy.suffixes_.push_back(entry.substr(1));
    } else if (is_host_name(entry)) {
      policy.hosts_.push_back(entry);
    } else {
      faulty.faults.push_back(
          {"/" + std::to_string(i), "'" + options.allow[i] + "' is neither a network (10.0.0.0/8) nor a host name"});
    }
  }
  if (!faulty.faults.empty()) return faulty;
  return policy;
}

Result<Done> EgressPolicy::check_url(std::string_view url) const {
  auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  return check_url(*parsed);
}

Result<Done> EgressPolicy::check_url(const Url& url) const {
  if (const auto address = parse_host_address(url.host)) return check_address(url.host, *address);
  const Rule* rule = rule_for_name(url.host);
  if (rule == nullptr) return Done{};
  if (rule->kind == Kind::loopback && (allow_loopback_ || allows_host(url.host))) return Done{};
  return forbidden(url.host, *rule);
}

Result<Done> EgressPolicy::check_address(std::string_view host, const IpAddress& address) const {
  const auto inner = embedded_v4(address);
  for (const IpAddress& form : {address, inner.value_or(address)}) {
    const Rule* rule = rule_for(form);
    if (rule == nullptr) continue;
    const bool exactly = rule->kind == Kind::metadata;
    if (rule->kind == Kind::loopback && allow_loopback_) continue;
    if (allows_network(address, exactly) || allows_network(form, exactly)) continue;
    if (!exactly && allows_host(host)) continue;
    std::string what = to_string(address);
    if (!host.empty() && !parse_host_address(host)) what += " (" + std::string(host) + ")";
    return forbidden(what, *rule);
  }
  return Done{};
}

bool EgressPolicy::allows_host(std::string_view host) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const std::string& name) { return host == name; }) ||
         std::any_of(suffixes_.begin(), suffixes_.end(), [&](const std::string& tail) { return host.ends_with(tail); });
}

bool EgressPolicy::allows_network(const IpAddress& address, bool exactly) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Cidr& network) {
    return network.contains(address) && (!exactly || network.bits == 128);
  });
}

}  // namespace troupe
