// The server's configuration, typed, with its defaults. Made by load_config (load.hpp) from a file, the environment and
// flags; plain data afterwards, read by the composition root, which hands each room its own options.
//
// Every field below is one row of the key table (keys.hpp): the defaults written here are the ones that the reference
// file config/troupe.toml shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/limits.hpp"
#include "troupe/base/time.hpp"
#include "troupe/port/gateway.hpp"

namespace troupe {

struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};
/// `HOST:PORT`, `[::1]:PORT`; nothing if it is neither.
std::optional<HostPort> parse_host_port(std::string_view text);
std::string to_string(const HostPort& address);

struct ServerConfig {
  HostPort listen{"127.0.0.1", 8080};  ///< port 0: any free one
  std::string public_url;              ///< prefix of links that leave the server; empty: links are paths
  int threads = 1;                     ///< event loops, 1–64
  std::size_t body_bytes = limits::kBodyBytes;
  std::size_t connections = limits::kConnections;
  Millis request_stall = limits::kRequestStall;
  Millis keep_alive_idle = limits::kKeepAliveIdle;

  bool operator==(const ServerConfig&) const = default;
};

struct DatabaseConfig {
  std::string url;  ///< sqlite:PATH, postgresql://…, memory:; never empty once loaded. May hold a password
  int writers = 1;  ///< connections for changes, 1–2
  int readers = 4;  ///< connections for lists and look-ups, 1–64

  bool operator==(const DatabaseConfig&) const = default;
};

/// One entry of [[auth.keys]].
struct AuthKey {
  std::string name;
  Digest sha256{};
  Role role = Role::client;
  std::string client;  ///< empty: not bound to one client

  bool operator==(const AuthKey&) const = default;
};

/// One entry of [exec.commands]: a program that `exec` steps may run, by the name it has there.
struct ExecCommandConfig {
  std::string program;                     ///< absolute path; run without a shell
  std::vector<std::string> args;           ///< before the step's own
  std::map<std::string, std::string> env;  ///< the whole environment, but for what the step adds
  std::string working_dir;                 ///< empty: a fresh folder for each task
  Millis timeout{0};                       ///< 0: the step's
  int memory_mb = 0;                       ///< 0: no limit, as for the two below
  int cpu_seconds = 0;
  int file_mb = 0;

  bool operator==(const ExecCommandConfig&) const = default;
};

/// One entry of [secrets]: where the value of `${secret:NAME}` comes from.
struct SecretConfig {
  std::string env;   ///< a variable of the server's environment; or
  std::string file;  ///< absolute path

  bool operator==(const SecretConfig&) const = default;
};

struct EgressConfig {
  std::vector<std::string> allow;  ///< CIDR blocks, addresses and host names beyond the default policy

  bool operator==(const EgressConfig&) const = default;
};

struct WorkerConfig {
  int slots = 16;            ///< tasks of the default pool at once, 1–4096
  int generate_threads = 1;  ///< threads that draw images, 1–64

  bool operator==(const WorkerConfig&) const = default;
};

struct QueueConfig {
  Millis max_wait = limits::kQueueMaxWait;  ///< after which a task's turn comes whatever its priority

  bool operator==(const QueueConfig&) const = default;
};

/// One entry of [clients]: what holds for one client, by its client_id.
struct ClientConfig {
  int weight = 1;    ///< 1–1000
  std::string rate;  ///< parse_rate(); empty: that of all

  bool operator==(const ClientConfig&) const = default;
};

struct LimitsConfig {
  Millis job_timeout_max = limits::kRunTimeoutMax;
  std::size_t jobs_in_flight = limits::kJobsInFlight;
  int client_share = limits::kClientShare;  ///< percent
  std::size_t persistence_queue = limits::kPersistenceQueue;
  std::string client_rate;  ///< parse_rate(); empty: no limit

  bool operator==(const LimitsConfig&) const = default;
};

struct RetentionConfig {
  Millis period{60'000};                  ///< between two sweeps; 0: nothing is ever removed
  Millis answers{24 * 3'600'000LL};       ///< how long the answer to an Idempotency-Key is kept
  Millis blobs{24 * 3'600'000LL};         ///< how long a blob that no row names is kept, since it was last stored
  Millis blobs_period{24 * 3'600'000LL};  ///< how often such are looked for

  bool operator==(const RetentionConfig&) const = default;
};

struct LogConfig {
  std::string level = "info";   ///< debug, info, warning, error
  std::string format = "auto";  ///< auto, text, json

  bool operator==(const LogConfig&) const = default;
};

struct Config {
  ServerConfig server;
  std::string data_dir = "troupe-data";
  std::string workflows;  ///< folder of definitions applied at start; empty: none
  std::string node_name;  ///< never empty once loaded
  DatabaseConfig database;
  std::vector<AuthKey> auth_keys;
  EgressConfig egress;
  std::map<std::string, ExecCommandConfig> exec_commands;
  std::map<std::string, SecretConfig> secrets;  ///< by name
  WorkerConfig worker;
  QueueConfig queue;
  LimitsConfig limits;
  std::map<std::string, ClientConfig> clients;
  RetentionConfig retention;
  Millis shutdown_grace = limits::kShutdownGrace;
  LogConfig log;

  bool operator==(const Config&) const = default;
};

}  // namespace troupe
