// The Store port over PostgreSQL 14 or newer. Several nodes may share one database: the shards' epochs keep them apart.
//
// Each writer has a connection of its own, and a commit costs one round trip.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "troupe/port/store.hpp"

namespace troupe {

/// How soon a database that has died is noticed.
struct PostgresOptions {
  /// For a connection to be made. 1 … 300 s.
  Millis connect_timeout{5'000};
  /// For an answer; then the connection is given up. Notices what keepalives cannot: a server that is stopped or stuck
  /// while its kernel still answers. 1 … 600 s; longer than statement_timeout.
  Millis answer_timeout{40'000};
  /// The server ends a statement after this. 1 … 600 s.
  Millis statement_timeout{30'000};
  /// The server ends a transaction whose client says nothing for this long, so that a lost node's locks are freed. 1 …
  /// 600 s.
  Millis idle_in_transaction_timeout{10'000};
  /// TCP: idle time before the first probe, between two probes (three are sent), and for unacknowledged data. 1 … 600
  /// s.
  Millis keepalive_idle{10'000};
  Millis keepalive_interval{3'000};
  Millis unacknowledged_timeout{20'000};

  std::vector<Fault> validate() const;
};

std::unique_ptr<Store> make_postgres_store(std::string url, PostgresOptions options = {});

}  // namespace troupe
