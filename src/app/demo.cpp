#include "app/demo.hpp"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <thread>

#include "app/server_process.hpp"
#include "cli/api_client.hpp"
#include "cli/display.hpp"
#include "cli/event_stream.hpp"
#include "cli/exit_code.hpp"
#include "cli/progress_view.hpp"
#include "crypto/hash.hpp"
#include "ingress/api.hpp"
#include "ingress/server.hpp"

namespace troupe {
namespace {

using cli::ApiAnswer;
using cli::ApiClient;

constexpr Millis kServerPatience{30'000};
constexpr const char* kPrompt = "a lighthouse above a quiet sea at sunset, gold and deep blue";

/// Who the workflow's `announce` step calls: answers 200 and remembers what it got.
class Receiver {
 public:
  static Result<std::unique_ptr<Receiver>> start() {
    auto receiver = std::make_unique<Receiver>();
    ingress::ServerOptions options;
    options.port = 0;
    auto server = ingress::Server::listen(
        options,
        [self = receiver.get()](ingress::Request request, std::shared_ptr<ingress::Responder> responder) {
          self->take(std::move(request), *responder);
        },
        ingress::render_problem);
    if (!server) return server.error();
    receiver->server_ = *std::move(server);
    receiver->server_->start();
    return receiver;
  }
  ~Receiver() {
    if (server_) server_->stop(Millis(500));
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/posters"; }
  std::vector<std::string> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  void take(ingress::Request request, ingress::Responder& responder) {
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(request.body));
    }
    ingress::Response response;
    response.headers = {{"Content-Type", "application/json"}};
    response.body = R"({"received":true})";
    responder.respond(std::move(response));
  }

  std::unique_ptr<ingress::Server> server_;
  mutable std::mutex mutex_;
  std::vector<std::string> received_;
};

/// The demo, step by step. Each step either works or says why not.
class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options), out_(options.terminal.out) {}

  Result<Done> run();

 private:
  Result<Done> start();
  Result<Done> apply_workflow();
  Result<Done> submit();
  Result<Done> watch();
  Result<Done> show_images();
  Result<Done> show_timeline();
  Result<Done> verify();
  Result<Done> stop();

  void title(std::string_view text) {
    out_ << "\n"
         << (options_.terminal.colour ? "\x1b[1m" : "") << text << (options_.terminal.colour ? "\x1b[0m" : "") << "\n";
  }
  Error failed(std::string_view what, const ApiAnswer& answer) const;

  const DemoOptions& options_;
  std::ostream& out_;
  std::filesystem::path data_dir_;
  std::unique_ptr<Receiver> receiver_;
  std::optional<ServerProcess> server_;
  std::unique_ptr<ApiClient> api_;
  std::string job_;
  Json job_document_;
};

Error Demo::failed(std::string_view what, const ApiAnswer& answer) const {
  std::string why = answer.status == 0 ? answer.unreachable.message
                                       : "the server answered " + std::to_string(answer.status) + " " + answer.text;
  return {ErrorCode::internal, std::string(what) + ": " + why, false, {}};
}

Result<Done> Demo::start() {
  data_dir_ = std::filesystem::absolute(options_.data_dir_given ? options_.config.data_dir : "troupe-demo");
  std::error_code error;
  std::filesystem::create_directories(data_dir_ / "images", error);
  if (error) return {ErrorCode::io_failed, data_dir_.string() + ": " + error.message()};
  auto receiver = Receiver::start();
  if (!receiver) return receiver.error();
  receiver_ = *std::move(receiver);

  const std::string listen = options_.listen_given ? to_string(options_.config.server.listen) : "127.0.0.1:0";
  auto server = ServerProcess::start({"--listen", listen, "--data-dir", data_dir_.string()},
                                     (data_dir_ / "server.log").string(), kServerPatience);
  if (!server) return server.error();
  server_.emplace(*std::move(server));
  api_ = std::make_unique<ApiClient>(server_->url(), "");
  out_ << "server    " << server_->url() << "  (SQLite and files in " << data_dir_.string() << ")\n";
  return Done{};
}

Result<Done> Demo::apply_workflow() {
  const ApiAnswer answer = api_->post_text("/v1/workflows", sample_workflow(), "application/yaml");
  if (!answer.ok()) return failed("applying the sample workflow", answer);
  out_ << "workflow  " << cli::member_text(answer.body, "key") << " version "
       << cli::member_text(answer.body, "version") << "\n";
  return Done{};
}

Result<Done> Demo::submit() {
  const ApiAnswer answer = api_->post("/v1/jobs", {{"workflow_key", "poster"},
                                                   {"inputs", {{"prompt", kPrompt}, {"notify_url", receiver_->url()}}},
                                                   {"metadata", {{"user_id", "demo"}}}});
  if (answer.status != 202) return failed("submitting the job", answer);
  job_ = cli::member_text(answer.body, "job_id");
  out_ << "job       " << job_ << "  accepted, durable\n";
  out_ << "prompt    " << kPrompt << "\n\n" << std::flush;
  return Done{};
}

Result<Done> Demo::watch() {
  cli::ProgressView view(options_.terminal);
  if (const ApiAnswer begun = api_->get("/v1/jobs/" + job_); begun.ok()) view.begin(begun.body);
  cli::EventStream events(*api_, "/v1/jobs/" + job_ + "/events");
  const ApiAnswer answer = events.follow(
      [&](const cli::ServerEvent& event) {
        if (const auto data = parse_json(event.data)) view.on_event(event.kind, *data);
        return !view.ended();
      },
      [] {});
  view.finish();
  if (!answer.ok()) return failed("watching the job", answer);
  if (view.job_status() != "success") return {ErrorCode::internal, "the job ended " + view.job_status()};
  const ApiAnswer job = api_->get("/v1/jobs/" + job_);
  if (!job.ok()) return failed("reading the job", job);
  job_document_ = job.body;
  return Done{};
}

Result<Done> Demo::show_images() {
  title("Images");
  const Json assets = job_document_.value("assets", Json::array());
  if (assets.empty()) return {ErrorCode::internal, "the job has no images"};
  for (const Json& asset : assets) {
    const std::string target = cli::member_text(asset, "url");
    const ApiAnswer content = api_->get(target.starts_with("http") ? target.substr(target.find('/', 8)) : target);
    if (!content.ok()) return failed("fetching an image", content);
    if (to_hex(sha256(content.text)) != cli::member_text(asset, "sha256"))
      return {ErrorCode::internal, "an image's bytes do not have the hash that was announced"};
    const std::filesystem::path path = data_dir_ / "images" / cli::member_text(asset, "name");
    std::ofstream file(path, std::ios::binary);
    file << content.text;
    file.close();
    if (!file) return {ErrorCode::io_failed, path.string() + " could not be written"};
    out_ << "  " << path.string() << "\n    " << cli::member_text(asset, "width") << " x "
         << cli::member_text(asset, "height") << ", " << content.text.size() << " bytes, sha256 "
         << cli::member_text(asset, "sha256") << "\n";
  }
  const auto received = receiver_->received();
  if (received.empty()) return {ErrorCode::internal, "the receiver was not called"};
  out_ << "  receiver got " << received.size() << (received.size() == 1 ? " call, of " : " calls, the last of ")
       << received.back().size() << " bytes\n";
  return Done{};
}

Result<Done> Demo::show_timeline() {
  title("Timeline");
  const auto begin = parse_rfc3339(cli::member_text(job_document_, "created_at"));
  for (const Json& step : job_document_.value("steps", Json::array())) {
    const auto from = parse_rfc3339(cli::member_text(step, "started_at"));
    const auto to = parse_rfc3339(cli::member_text(step, "completed_at"));
    if (!begin || !from || !to) return {ErrorCode::internal, "the job's document lacks times"};
    const auto seconds = [](Millis time) { return static_cast<double>(time.count()) / 1000.0; };
    out_ << "  " << std::left << std::setw(12) << cli::member_text(step, "name") << std::setw(11)
         << cli::member_text(step, "type") << std::setw(9) << cli::member_text(step, "status") << std::right
         << std::fixed << std::setprecision(3) << std::setw(8) << seconds(*from - *begin) << " s  +"
         << seconds(*to - *from) << " s\n";
  }
  return Done{};
}

Result<Done> Demo::verify() {
  title("Audit");
  const ApiAnswer answer = api_->get("/v1/audit/verify");
  if (!answer.ok()) return failed("verifying the audit trail", answer);
  const bool whole = answer.body.value("whole", false);
  out_ << "  audit verify: " << (whole ? "whole" : "BROKEN") << ", " << cli::member_text(answer.body, "chains")
       << " chains, " << cli::member_text(answer.body, "records") << " records\n";
  if (!whole) return {ErrorCode::chain_broken, "the audit chain does not hold: " + answer.text};
  return Done{};
}

Result<Done> Demo::stop() {
  const int code = server_->stop(kServerPatience);
  if (code != 0) return {ErrorCode::internal, "the server exited with " + std::to_string(code)};
  out_ << "\nserver stopped; images, database and log are in " << data_dir_.string() << "\n" << std::flush;
  return Done{};
}

Result<Done> Demo::run() {
  using Step = Result<Done> (Demo::*)();
  for (const Step step : {&Demo::start, &Demo::apply_workflow, &Demo::submit, &Demo::watch, &Demo::show_images,
                          &Demo::show_timeline, &Demo::verify})
    if (auto done = (this->*step)(); !done) return done;
  if (options_.stay) {
    out_ << "\nstill serving at " << server_->url() << "; Ctrl-C ends it\n" << std::flush;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    int signal = 0;
    sigwait(&set, &signal);
  }
  return stop();
}

}  // namespace

int demo(const DemoOptions& options) {
  Demo demo(options);
  const auto done = demo.run();
  if (done) return cli::kDone;
  options.terminal.err << "troupe demo: " << done.error().message << "\n";
  return cli::kFailed;
}

}  // namespace troupe
