#include "config/keys.hpp"

#include <algorithm>

namespace troupe {
namespace {

#define TROUPE_FIELD(Owner, member) \
  [](Owner & owner) -> auto& { return owner.member; }

constexpr std::string_view kRateUnit = "JOBS/TIME, JOBS/TIME burst JOBS, or none";
constexpr std::int64_t kSecond = 1'000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;

std::vector<Key<Config>> make_config_keys() {
  return {
      {"listen",
       TROUPE_FIELD(Config, server.listen),
       {.help = "Address and port of the HTTP API. Off loopback the server demands authentication.",
        .unit = "HOST:PORT; port 0 picks a free one"}},
      {"public_url",
       TROUPE_FIELD(Config, server.public_url),
       {.help = "Prefix of links in answers of the API; empty: links are paths. What expressions see stays a path.",
        .unit = "URL",
        .check = check_http_url}},
      {"data_dir",
       TROUPE_FIELD(Config, data_dir),
       {.help = "Folder of the SQLite database, the assets and the logs of steps; made if absent.",
        .unit = "path, relative to the working directory",
        .required = true}},
      {"database_url",
       TROUPE_FIELD(Config, database.url),
       {.help = "The database. It may hold a password, so it is never logged.",
        .unit = "sqlite:PATH, postgresql://… or memory:",
        .check = check_database_url,
        .computed_default = "sqlite:<data_dir>/troupe.db",
        .secret = true}},
      {"workflows",
       TROUPE_FIELD(Config, workflows),
       {.help = "Folder of workflow definitions that are applied at start; empty: none.", .unit = "path"}},
      {"node_name",
       TROUPE_FIELD(Config, node_name),
       {.help = "Name of this node in audit records and in the cluster.",
        .unit = "1 to 64 of A–Z a–z 0–9 . _ -",
        .check = check_node_name,
        .computed_default = "the host's name"}},

      {"server.threads",
       TROUPE_FIELD(Config, server.threads),
       {.help = "Event loops of the HTTP server.", .unit = "threads", .min = 1, .max = 64}},
      {"server.body_bytes",
       TROUPE_FIELD(Config, server.body_bytes),
       {.help = "Largest request body; above it: 413.", .unit = "bytes", .min = 1 << 10, .max = 64 << 20}},
      {"server.connections",
       TROUPE_FIELD(Config, server.connections),
       {.help = "Connections open at once; above it the longest idle one is closed.",
        .unit = "connections",
        .min = 1,
        .max = 1'000'000}},
      {"server.request_stall",
       TROUPE_FIELD(Config, server.request_stall),
       {.help = "A begun request that stops arriving for so long is answered 408.",
        .unit = "duration",
        .min = 100,
        .max = kHour}},
      {"server.keep_alive_idle",
       TROUPE_FIELD(Config, server.keep_alive_idle),
       {.help = "A connection that is idle for so long is closed.", .unit = "duration", .min = 100, .max = kDay}},

      {"database.writers",
       TROUPE_FIELD(Config, database.writers),
       {.help = "Connections for changes. Two pay where the database is far away: one commits while the other's batch "
                "is made.",
        .unit = "connections",
        .min = 1,
        .max = 2}},
      {"database.readers",
       TROUPE_FIELD(Config, database.readers),
       {.help = "Connections for lists and look-ups.", .unit = "connections", .min = 1, .max = 64}},

      {"egress.allow",
       TROUPE_FIELD(Config, egress.allow),
       {.help = "Where http steps may go besides public addresses.",
        .unit = "list of CIDR blocks, addresses, host names and *.DOMAIN",
        .check = check_egress_entry}},

      {"worker.slots",
       TROUPE_FIELD(Config, worker.slots),
       {.help = "Tasks of http steps that this node works on at once, and as many of exec steps.",
        .unit = "tasks",
        .min = 1,
        .max = 4096}},
      {"worker.generate_threads",
       TROUPE_FIELD(Config, worker.generate_threads),
       {.help = "Threads that draw the images of generate steps.", .unit = "threads", .min = 1, .max = 64}},

      {"queue.max_wait",
       TROUPE_FIELD(Config, queue.max_wait),
       {.help =
            "A task of priority 1 that has waited so long has a turn beside more urgent ones; one of priority 2 after "
            "nine tenths of it, one of priority 9 after two.",
        .unit = "duration",
        .min = kSecond,
        .max = 30 * kDay}},

      {"limits.job_timeout_max",
       TROUPE_FIELD(Config, limits.job_timeout_max),
       {.help = "Longest timeout_seconds that a job may ask for.",
        .unit = "duration",
        .min = kSecond,
        .max = 30 * kDay}},
      {"limits.jobs_in_flight",
       TROUPE_FIELD(Config, limits.jobs_in_flight),
       {.help = "Live runs on this node; above it new jobs are answered 503.",
        .unit = "runs",
        .min = 1,
        .max = 10'000'000}},
      {"limits.client_share",
       TROUPE_FIELD(Config, limits.client_share),
       {.help =
            "The share of one client in them, of what the other clients leave; above it its new jobs are answered 503.",
        .unit = "percent",
        .min = 1,
        .max = 100}},
      {"limits.persistence_queue",
       TROUPE_FIELD(Config, limits.persistence_queue),
       {.help = "Changes that wait for a commit; above it new jobs are answered 503.",
        .unit = "changes",
        .min = 1,
        .max = 1'000'000}},
      {"limits.client_rate",
       TROUPE_FIELD(Config, limits.client_rate),
       {.help = "Jobs that each client may submit or retry within a time; above it: 429. Empty: any number.",
        .unit = kRateUnit,
        .check = check_rate}},

      {"retention.period",
       TROUPE_FIELD(Config, retention.period),
       {.help = "How often jobs are removed whose workflow's retention is over; 0s: never.",
        .unit = "duration",
        .min = 0,
        .max = kDay}},
      {"retention.answers",
       TROUPE_FIELD(Config, retention.answers),
       {.help = "How long the answer to an Idempotency-Key is kept.", .unit = "duration", .min = 0, .max = 365 * kDay}},
      {"retention.blobs",
       TROUPE_FIELD(Config, retention.blobs),
       {.help = "How long a blob that no job names is kept since it was last stored.",
        .unit = "duration",
        .min = kHour,
        .max = 365 * kDay}},
      {"retention.blobs_period",
       TROUPE_FIELD(Config, retention.blobs_period),
       {.help = "How often such blobs are looked for.", .unit = "duration", .min = kSecond, .max = 365 * kDay}},

      {"shutdown.grace",
       TROUPE_FIELD(Config, shutdown_grace),
       {.help = "Time for requests and tasks under way to end when the server is told to stop.",
        .unit = "duration",
        .min = 0,
        .max = kHour}},

      {"log.level",
       TROUPE_FIELD(Config, log.level),
       {.help = "The least important lines that are written.", .choices = {"debug", "info", "warning", "error"}}},
      {"log.format",
       TROUPE_FIELD(Config, log.format),
       {.help = "text for people, json (one object a line) for machines, auto: text on a terminal.",
        .choices = {"auto", "text", "json"}}},
  };
}

}  // namespace

const std::vector<Key<Config>>& config_keys() {
  static const std::vector<Key<Config>> keys = make_config_keys();
  return keys;
}

const std::vector<Key<AuthKey>>& auth_key_keys() {
  static const std::vector<Key<AuthKey>> keys = {
      {"name", TROUPE_FIELD(AuthKey, name), {.help = "Shown as the actor in audit records.", .required = true}},
      {"sha256",
       TROUPE_FIELD(AuthKey, sha256),
       {.help = "SHA-256 of the key's text, as `troupe key create` prints it.",
        .unit = "64 hexadecimal digits",
        .required = true,
        .secret = true}},
      {"role",
       TROUPE_FIELD(AuthKey, role),
       {.help = "What the key may do; each role may do all that the ones before it may.",
        .choices = {"viewer", "client", "worker", "operator", "admin"}}},
      {"client",
       TROUPE_FIELD(AuthKey, client),
       {.help = "The client whose jobs alone the key sees and makes; empty: not bound to one."}},
  };
  return keys;
}

const std::vector<Key<ExecCommandConfig>>& exec_command_keys() {
  static const std::vector<Key<ExecCommandConfig>> keys = {
      {"program",
       TROUPE_FIELD(ExecCommandConfig, program),
       {.help = "The program; it is run without a shell.",
        .unit = "absolute path",
        .check = check_absolute_path,
        .required = true}},
      {"args",
       TROUPE_FIELD(ExecCommandConfig, args),
       {.help = "Arguments before those of the step.", .unit = "list of strings"}},
      {"env",
       TROUPE_FIELD(ExecCommandConfig, env),
       {.help = "Its environment; nothing of the server's own is passed on.", .unit = "table of strings"}},
      {"working_dir",
       TROUPE_FIELD(ExecCommandConfig, working_dir),
       {.help = "Where it runs; empty: a fresh folder for each task.",
        .unit = "absolute path",
        .check = check_absolute_path}},
      {"timeout",
       TROUPE_FIELD(ExecCommandConfig, timeout),
       {.help = "Longest time of one run, if shorter than the step's; 0s: the step's.",
        .unit = "duration",
        .min = 0,
        .max = 365 * kDay}},
      {"memory_mb",
       TROUPE_FIELD(ExecCommandConfig, memory_mb),
       {.help = "Address space; 0: no limit.", .unit = "MiB", .min = 0, .max = 1 << 24}},
      {"cpu_seconds",
       TROUPE_FIELD(ExecCommandConfig, cpu_seconds),
       {.help = "Processor time; 0: no limit.", .unit = "seconds", .min = 0, .max = 365 * kDay / kSecond}},
      {"file_mb",
       TROUPE_FIELD(ExecCommandConfig, file_mb),
       {.help = "Largest file it may write; 0: no limit.", .unit = "MiB", .min = 0, .max = 1 << 24}},
  };
  return keys;
}

const std::vector<Key<ClientConfig>>& client_keys() {
  static const std::vector<Key<ClientConfig>> keys = {
      {"weight",
       TROUPE_FIELD(ClientConfig, weight),
       {.help = "Where clients with tasks of the same priority wait for a slot, they have turns by their weights.",
        .unit = "turns",
        .min = 1,
        .max = limits::kClientWeightMax}},
      {"rate",
       TROUPE_FIELD(ClientConfig, rate),
       {.help = "In place of limits.client_rate; empty: that, none: any number.",
        .unit = kRateUnit,
        .check = check_rate}},
  };
  return keys;
}

const std::vector<Key<SecretConfig>>& secret_keys() {
  static const std::vector<Key<SecretConfig>> keys = {
      {"env",
       TROUPE_FIELD(SecretConfig, env),
       {.help = "The variable of the server's environment that holds it; read at the start.",
        .unit = "name",
        .secret = true}},
      {"file",
       TROUPE_FIELD(SecretConfig, file),
       {.help = "The file that holds it, without the line break at its end; read whenever the secret is needed.",
        .unit = "absolute path",
        .check = check_absolute_path,
        .secret = true}},
  };
  return keys;
}

#undef TROUPE_FIELD

std::string environment_name(std::string_view key) {
  std::string name = "TROUPE_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string flag_name(std::string_view key) {
  std::string name = "--";
  for (const char c : key) name += c == '.' || c == '_' ? '-' : c;
  return name;
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::vector<std::size_t> row;
  for (const std::string& candidate : candidates) {
    row.resize(candidate.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (name[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
      }
    }
    if (row.back() < least) {
      least = row.back();
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace troupe
