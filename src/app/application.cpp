#include "app/application.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "actors/node/node.hpp"
#include "actors/worker/secret_mask.hpp"
#include "app/log_port.hpp"
#include "auth/api_keys.hpp"
#include "backup/restore.hpp"
#include "blob/file/file_blob_store.hpp"
#include "calendar/time_zones.hpp"
#include "config/value.hpp"
#include "executor/exec/exec_executor.hpp"
#include "executor/http/http_executor.hpp"
#include "executor/instant/noop_executor.hpp"
#include "executor/instant/transform_executor.hpp"
#include "executor_generate/generate_executor.hpp"
#include "expr/expr.hpp"
#include "image/thumbnail.hpp"
#include "image/type_card.hpp"
#include "ingress/api.hpp"
#include "ingress/server.hpp"
#include "net/curl_http_client.hpp"
#include "secrets/configured_secrets.hpp"
#include "store/open.hpp"
#include "telemetry/build_info.hpp"
#include "telemetry/log.hpp"
#include "telemetry/prometheus_metrics.hpp"

namespace troupe {
namespace {

constexpr std::size_t kInstantSlots = 1024;  // noop and transform end before they are counted

std::vector<ApiKey> api_keys(const Config& config) {
  std::vector<ApiKey> keys;
  for (const AuthKey& key : config.auth_keys)
    keys.push_back({key.name, key.sha256, key.role, key.client.empty() ? std::nullopt : std::optional(key.client)});
  return keys;
}

ExecOptions exec_options(const Config& config, const std::string& work_dir) {
  ExecOptions options;
  options.work_dir = work_dir;
  for (const auto& [name, configured] : config.exec_commands) {
    ExecCommand command;
    command.name = name;
    command.program = configured.program;
    command.args = configured.args;
    command.env = configured.env;
    command.working_dir = configured.working_dir;
    command.timeout = configured.timeout;
    command.limits.cpu_seconds = static_cast<std::uint64_t>(configured.cpu_seconds);
    command.limits.memory_bytes = static_cast<std::uint64_t>(configured.memory_mb) << 20;
    command.limits.file_bytes = static_cast<std::uint64_t>(configured.file_mb) << 20;
    options.commands.push_back(std::move(command));
  }
  return options;
}

FairRulesPtr fair_rules(const Config& config) {
  auto rules = std::make_shared<FairRules>();
  rules->max_wait = config.queue.max_wait;
  for (const auto& [name, client] : config.clients) rules->weights[name] = static_cast<std::uint32_t>(client.weight);
  return rules;
}

Result<std::unique_ptr<ConfiguredSecrets>> open_secrets(const Config& config) {
  std::vector<SecretSource> sources;
  for (const auto& [name, secret] : config.secrets) sources.push_back({name, secret.env, secret.file});
  auto secrets = ConfiguredSecrets::open(sources, [](const std::string& variable) -> std::optional<std::string> {
    const char* value = std::getenv(variable.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  if (!secrets) return secrets;
  for (const std::string& name : (*secrets)->shorter_than(SecretMask::kMaskedBytes))
    log::warning("a value is too short to be masked in what steps give back", {{"name", name}});
  return secrets;
}

ingress::ServerOptions server_options(const Config& config) {
  ingress::ServerOptions options;
  options.host = config.server.listen.host;
  options.port = config.server.listen.port;
  options.threads = config.server.threads;
  options.body_bytes = config.server.body_bytes;
  options.connections = config.server.connections;
  options.request_stall = config.server.request_stall;
  options.keep_alive_idle = config.server.keep_alive_idle;
  return options;
}

ClientRates client_rates(const Config& config) {
  ClientRates rates;
  rates.all = parse_rate(config.limits.client_rate).value_or(RateLimit{});
  for (const auto& [name, client] : config.clients)
    if (const auto rate = parse_rate(client.rate)) rates.named[name] = *rate;
  return rates;
}

std::vector<ShardId> all_shards() {
  std::vector<ShardId> shards;
  for (ShardId shard = 0; shard < kShardCount; ++shard) shards.push_back(shard);
  return shards;
}

class ServingApplication final : public Application {
 public:
  ServingApplication(const Config& config, std::function<void(std::string)> failed)
      : config_(config), failed_(std::move(failed)), keys_(api_keys(config)) {}
  ~ServingApplication() override;

  Result<Done> open();
  std::string url() const override;
  Result<Done> serve() override;
  void stop(Millis grace) override;

 private:
  Result<Done> open_store();
  Result<Done> make_executors(const DataPaths& paths);
  Result<Done> start_node();
  Result<Done> listen();
  Result<Done> apply_workflow_file(const std::filesystem::path& path);

  const Config config_;
  const std::function<void(std::string)> failed_;
  SystemClock clock_;
  SystemRandom random_;
  TelemetryLog log_;
  PrometheusMetrics metrics_;
  ApiKeys keys_;
  std::unique_ptr<ConfiguredSecrets> secrets_;
  std::unique_ptr<EvaluatorFactory> evaluators_ = make_evaluator_factory();
  std::unique_ptr<Store> store_;
  std::shared_ptr<StoreReader> reader_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<CurlHttpClient> http_client_;
  std::shared_ptr<HttpExecutor> http_executor_;
  std::shared_ptr<ExecExecutor> exec_executor_;
  std::shared_ptr<GenerateExecutor> generate_executor_;
  std::unique_ptr<ingress::Server> server_;
};

ServingApplication::~ServingApplication() {
  stop(Millis(0));
  if (node_) node_->close_gateway();  // whatever still replies, replies to a server that is there
  server_.reset();
  // Executors tell sinks, and sinks send messages: all of that ends before the node's actor system does. The HTTP
  // client outlives its executor, which cancels its calls.
  exec_executor_.reset();
  generate_executor_.reset();
  http_executor_.reset();
  http_client_.reset();
  node_.reset();
}

Result<Done> ServingApplication::open() {
  if (auto safe = check_safety(config_); !safe) return safe;
  auto secrets = open_secrets(config_);
  if (!secrets) return secrets.error();
  secrets_ = *std::move(secrets);
  const auto paths = make_data_dir(config_);
  if (!paths) return paths.error();
  if (auto whole = backup::check_not_restoring(paths->root); !whole) return whole;
  auto blobs = FileBlobStore::open(paths->blobs);
  if (!blobs) return blobs.error();
  blobs_ = *std::move(blobs);
  if (auto opened = open_store(); !opened) return opened;
  if (auto made = make_executors(*paths); !made) return made;
  if (auto started = start_node(); !started) return started;
  return listen();
}

Result<Done> ServingApplication::open_store() {
  auto store = troupe::open_store(config_.database.url);
  if (!store) return store.error();
  store_ = *std::move(store);
  if (auto migrated = store_->migrate(); !migrated) return migrated.error();
  auto reader = store_->reader(static_cast<std::size_t>(config_.database.readers));
  if (!reader) return reader.error();
  reader_ = *std::move(reader);
  return Done{};
}

Result<Done> ServingApplication::make_executors(const DataPaths& paths) {
  EgressOptions egress;
  egress.allow = config_.egress.allow;
  egress.allow_loopback = is_loopback(config_.server.listen.host);
  auto policy = EgressPolicy::make(egress);
  if (!policy) return policy.error();
  HttpClientOptions http;
  http.user_agent = "troupe/" + std::string(build_info().version);
  http_client_ = std::make_unique<CurlHttpClient>(http, *policy);
  http_executor_ = std::make_shared<HttpExecutor>(*http_client_, clock_, random_);

  auto exec = ExecExecutor::make(exec_options(config_, paths.work), *blobs_, clock_);
  if (!exec) return exec.error();
  exec_executor_ = *std::move(exec);

  GenerateOptions generate;
  generate.threads = config_.worker.generate_threads;
  generate_executor_ = std::make_shared<GenerateExecutor>(*blobs_, clock_, generate);
  return Done{};
}

Result<Done> ServingApplication::start_node() {
  Node::Writers writers;
  for (int i = 0; i < config_.database.writers; ++i) {
    auto writer = store_->writer();
    if (!writer) return writer.error();
    writers.push_back(*std::move(writer));
  }
  const auto slots = static_cast<std::size_t>(config_.worker.slots);
  NodeOptions options;
  options.name = config_.node_name;
  options.shards = all_shards();
  options.failed = failed_;
  options.fair_rules = fair_rules(config_);
  options.secrets = secrets_.get();
  options.workers = {
      {"instant",
       kInstantSlots,
       {{StepType::noop, std::make_shared<NoopExecutor>()},
        {StepType::transform, std::make_shared<TransformExecutor>()}}},
      {"http", slots, {{StepType::http, http_executor_}}},
      {"exec", slots, {{StepType::exec, exec_executor_}}},
      {"generate",
       static_cast<std::size_t>(config_.worker.generate_threads),
       {{StepType::generate, generate_executor_}}},
  };
  options.retention = {config_.retention.period, config_.retention.answers, config_.retention.blobs,
                       config_.retention.blobs_period};
  options.time_zone = find_time_zone;
  options.gateway.timeout_max = config_.limits.job_timeout_max;
  options.gateway.runs_live_max = config_.limits.jobs_in_flight;
  options.gateway.client_share = static_cast<std::size_t>(config_.limits.client_share);
  options.gateway.changes_waiting_max = config_.limits.persistence_queue;
  options.gateway.version = build_info().version;
  options.gateway.store_kind = store_->kind();
  options.gateway.thumbnail = [](std::string_view png) { return thumbnail_png(png); };
  options.gateway.type_card = [](const AssetRow& asset) { return type_card_png(asset.media_type, asset.name); };
  options.gateway.metrics = [this] {
    metrics_.connections(server_ ? server_->connections() : 0);
    return metrics_.render();
  };
  options.gateway.check_expression = check_expression;
  options.gateway.has_command = [this](std::string_view name) {
    return config_.exec_commands.contains(std::string(name));
  };
  options.gateway.is_quick_expression = is_quick;
  options.gateway.evaluate = evaluate;
  options.gateway.client_rates = client_rates(config_);
  auto node =
      Node::start({clock_, random_, *reader_, *blobs_, *evaluators_, metrics_, log_}, std::move(writers), options);
  if (!node) return node.error();
  node_ = *std::move(node);
  return Done{};
}

Result<Done> ServingApplication::listen() {
  ingress::ApiOptions options;
  options.public_url = config_.server.public_url;
  options.body_bytes = config_.server.body_bytes;
  options.job_timeout_max = config_.limits.job_timeout_max;
  options.time_zone = find_time_zone;
  auto handler = ingress::make_api(node_->gateway(), keys_, clock_, metrics_, log_, options);
  ingress::ServerOptions serving = server_options(config_);
  serving.body_rules = ingress::body_rules(serving.body_bytes);
  auto server = ingress::Server::listen(std::move(serving), std::move(handler), ingress::render_problem);
  if (!server) return server.error();
  server_ = *std::move(server);
  return Done{};
}

std::string ServingApplication::url() const {
  return "http://" + to_string(HostPort{config_.server.listen.host, server_->port()});
}

Result<Done> ServingApplication::serve() {
  namespace fs = std::filesystem;
  if (!config_.workflows.empty()) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(config_.workflows, error)) {
      const std::string extension = entry.path().extension();
      if (extension == ".yaml" || extension == ".yml" || extension == ".json") files.push_back(entry.path());
    }
    if (error) return {ErrorCode::io_failed, config_.workflows + ": " + error.message()};
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files)
      if (auto applied = apply_workflow_file(file); !applied) return applied;
  }
  node_->begin_schedules();
  server_->start();
  return Done{};
}

Result<Done> ServingApplication::apply_workflow_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return {ErrorCode::io_failed, path.string() + " could not be read"};
  std::promise<Result<AppliedWorkflow>> promise;
  Caller caller;
  caller.name = "workflows-folder";
  caller.at_start = true;
  node_->gateway().apply_workflow(caller, text.str(), std::nullopt, {},
                                  [&](Result<AppliedWorkflow> result) { promise.set_value(std::move(result)); });
  const Result<AppliedWorkflow> applied = promise.get_future().get();
  if (!applied) {
    Error error = applied.error();
    error.message = path.string() + ": " + error.message;
    return error;
  }
  for (const std::string& command : applied->missing_commands)
    log::warning("a workflow has a step that cannot work: its command is not in [exec.commands]",
                 {{"workflow", applied->key}, {"command", command}, {"file", path.string()}});
  log::info(applied->created ? "workflow applied" : "workflow unchanged",
            {{"workflow", applied->key}, {"version", applied->version}, {"file", path.string()}});
  return Done{};
}

void ServingApplication::stop(Millis grace) {
  if (node_) node_->stop(grace);
  if (server_) server_->stop(Millis(1'000));
}

}  // namespace

Result<Done> check_safety(const Config& config) {
  const std::string& host = config.server.listen.host;
  if (is_loopback(host) || !config.auth_keys.empty()) return Done{};
  return {ErrorCode::insecure_listen,
          "listening on " + host +
              " without authentication: anyone who reaches it could run work here. Configure a key "
              "([[auth.keys]]; `troupe key create` makes one), or listen on 127.0.0.1"};
}

DataPaths data_paths(const Config& config) {
  const std::filesystem::path root = std::filesystem::absolute(config.data_dir);
  return DataPaths{root, root / "blobs", root / "work"};
}

Result<DataPaths> make_data_dir(const Config& config) {
  DataPaths paths = data_paths(config);
  std::error_code error;
  std::filesystem::create_directories(paths.root, error);
  if (error) return {ErrorCode::io_failed, paths.root + ": " + error.message()};
  return paths;
}

Result<std::unique_ptr<Application>> Application::make(const Config& config, std::function<void(std::string)> failed) {
  auto application = std::make_unique<ServingApplication>(config, std::move(failed));
  if (auto opened = application->open(); !opened) return opened.error();
  return std::unique_ptr<Application>(std::move(application));
}

}  // namespace troupe
