#include "ingress/router.hpp"

#include <algorithm>

namespace troupe::ingress {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> pieces;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const auto piece = path.substr(0, path.find('/'));
    pieces.push_back(piece);
    path.remove_prefix(piece.size());
  }
  return pieces;
}

bool is_placeholder(std::string_view piece) { return piece.starts_with('{'); }

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& pieces) {
  if (pattern.size() != pieces.size()) return false;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (is_placeholder(pattern[i]) ? pieces[i].empty() : pattern[i] != pieces[i]) return false;
  return true;
}

void allow(std::string& list, std::string_view method) {
  if (list.find(method) != std::string::npos) return;
  if (!list.empty()) list += ", ";
  list += method;
  if (method == "GET") list += ", HEAD";
}

}  // namespace

Router::Router(const std::vector<Route>& routes) {
  for (const Route& route : routes) {
    Entry entry{&route, split_path(route.path), 0};
    for (auto piece : entry.pieces) entry.literals += is_placeholder(piece) ? 0 : 1;
    entries_.push_back(std::move(entry));
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.literals > b.literals; });
}

Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  if (method == "HEAD") method = "GET";
  const auto pieces = split_path(path);
  for (const Entry& entry : entries_) {
    if (!matches(entry.pieces, pieces)) continue;
    if (entry.route->method != method) {
      allow(match.allow, entry.route->method);
      continue;
    }
    match.route = entry.route;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (is_placeholder(entry.pieces[i])) match.values.emplace_back(pieces[i]);
    return match;
  }
  return match;
}

}  // namespace troupe::ingress
