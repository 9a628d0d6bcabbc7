#include "bench/options.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

namespace troupe::bench {
namespace {

constexpr const char* kUsage =
    R"(usage: bench_client throughput|batch|latency|chain [--NAME VALUE]...
  --host ADDRESS --port N       of the server (127.0.0.1, 8080)
  --workflow KEY                noop1; of chain: chain10
  --connections N               each with one request in flight (64)
  --jobs N                      throughput (20000), batch (50000), chain (1000)
  --batch N                     batch: jobs in a request (500)
  --rate R --seconds S          latency: jobs a second (100), for how long (10)
  --until ended|accepted        what a job is counted by (ended)
  --stall-seconds S             give up when nothing has come for so long (30)
  --server-pid N                report the CPU time of this process and its children
  --database-pid N              the same of the database's
)";

[[noreturn]] void refuse(const std::string& fault) {
  std::fprintf(stderr, "bench_client: %s\n%s", fault.c_str(), kUsage);
  std::exit(2);
}

double number(const std::string& name, const std::string& text, double min, double max) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= min && value <= max)) refuse(name + " cannot be " + text);
  return value;
}

Options of_mode(const std::string& name) {
  Options options;
  if (name == "throughput") return options;
  if (name == "batch") {
    options.mode = Options::Mode::batch;
    options.connections = 4;
    options.jobs = 50'000;
    options.batch = 500;
    return options;
  }
  if (name == "latency") {
    options.mode = Options::Mode::latency;
    return options;
  }
  if (name == "chain") {
    options.mode = Options::Mode::chain;
    options.workflow = "chain10";
    options.jobs = 1'000;
    return options;
  }
  refuse("there is no mode " + name);
}

}  // namespace

std::size_t Options::job_count() const {
  return mode == Mode::latency ? static_cast<std::size_t>(std::llround(rate * seconds)) : jobs;
}

const char* mode_text(Options::Mode mode) {
  switch (mode) {
    case Options::Mode::throughput: return "throughput";
    case Options::Mode::latency: return "latency";
    case Options::Mode::chain: return "chain";
    case Options::Mode::batch: return "batch";
  }
  return "";
}

Options read_options(const std::vector<std::string>& arguments) {
  if (arguments.empty()) refuse("a mode is missing");
  Options options = of_mode(arguments[0]);
  std::string name, value;
  const auto whole = [&](double min, double max) { return std::llround(number(name, value, min, max)); };
  const std::map<std::string, std::function<void()>> setters = {
      {"--host", [&] { options.host = value; }},
      {"--port", [&] { options.port = static_cast<std::uint16_t>(whole(1, 65'535)); }},
      {"--workflow", [&] { options.workflow = value; }},
      {"--connections", [&] { options.connections = static_cast<std::size_t>(whole(1, 10'000)); }},
      {"--jobs", [&] { options.jobs = static_cast<std::size_t>(whole(1, 1e8)); }},
      {"--batch", [&] { options.batch = static_cast<std::size_t>(whole(1, 10'000)); }},
      {"--rate", [&] { options.rate = number(name, value, 0.01, 1e6); }},
      {"--seconds", [&] { options.seconds = number(name, value, 0.01, 1e5); }},
      {"--until",
       [&] {
         if (value != "ended" && value != "accepted") refuse(name + " cannot be " + value);
         options.until_accepted = value == "accepted";
       }},
      {"--stall-seconds", [&] { options.stall_seconds = number(name, value, 0.1, 1e5); }},
      {"--server-pid", [&] { options.server_pid = static_cast<pid_t>(whole(1, 1 << 30)); }},
      {"--database-pid", [&] { options.database_pid = static_cast<pid_t>(whole(1, 1 << 30)); }},
  };
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    name = arguments[i];
    const auto setter = setters.find(name);
    if (setter == setters.end()) refuse("there is no option " + name);
    if (i + 1 == arguments.size()) refuse(name + " needs a value");
    value = arguments[i + 1];
    setter->second();
  }
  if (options.job_count() == 0) refuse("at that rate no job would be submitted");
  if (options.batch > 1 && options.mode != Options::Mode::batch) refuse("--batch is of the mode batch");
  if (options.job_count() % options.batch != 0) refuse("--jobs must be a multiple of --batch");
  return options;
}

}  // namespace troupe::bench
