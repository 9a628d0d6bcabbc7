#include "bench/report.hpp"

#include <cstdio>

namespace troupe::bench {
namespace {

/// `name` needs no escaping: member names of ours, and workflow keys.
class JsonObject {
 public:
  void add(const std::string& name, const std::string& json) {
    text_ += (text_.empty() ? "{\"" : ",\"") + name + "\":" + json;
  }
  void add_text(const std::string& name, const std::string& value) { add(name, "\"" + value + "\""); }
  void add_number(const std::string& name, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    add(name, digits);
  }
  void add_count(const std::string& name, std::size_t value) { add(name, std::to_string(value)); }
  std::string text() const { return text_ + "}"; }

 private:
  std::string text_;
};

std::string percentiles_ms(const Latencies& latencies) {
  JsonObject object;
  const auto add = [&](const char* name, double percent) {
    object.add_number(name, static_cast<double>(latencies.percentile_us(percent)) / 1000);
  };
  add("p50", 50);
  add("p90", 90);
  add("p95", 95);
  add("p99", 99);
  add("p99.9", 99.9);
  add("max", 100);
  return object.text();
}

std::string cpu_us_per_job(const CpuTime& cpu, std::size_t jobs) {
  JsonObject object;
  const auto add = [&](const char* name, double seconds) {
    object.add_number(name, seconds * 1e6 / static_cast<double>(jobs));
  };
  add("client", cpu.client);
  add("server", cpu.server);
  add("database", cpu.database);
  add("others", cpu.others());
  return object.text();
}

/// Of all processors' time.
std::string cpu_shares(const CpuTime& cpu, double seconds) {
  JsonObject object;
  const double all = seconds * processors();
  object.add_number("client", cpu.client / all);
  object.add_number("server", cpu.server / all);
  object.add_number("database", cpu.database / all);
  object.add_number("others", cpu.others() / all);
  return object.text();
}

}  // namespace

std::string report(const Options& options, const Load& load) {
  const JobLedger& ledger = load.ledger();
  const double seconds = load.seconds();
  const double jobs = static_cast<double>(ledger.done());
  JsonObject object;
  object.add_text("mode", mode_text(options.mode));
  object.add_text("workflow", options.workflow);
  object.add_count("connections", options.connections);
  if (options.mode == Options::Mode::latency) object.add_number("rate", options.rate);
  object.add_count("accepted", ledger.accepted());
  object.add_count("ended", ledger.ended());
  object.add_count("shed", load.shed());
  object.add_count("events", load.events());
  object.add_number("seconds", seconds);
  object.add_number("jobs_per_second", jobs / seconds);
  object.add("accept_ms", percentiles_ms(ledger.accept()));
  object.add("complete_ms", percentiles_ms(ledger.complete()));
  object.add("cpu_us_per_job", cpu_us_per_job(load.cpu(), ledger.done()));
  object.add("cpu_share", cpu_shares(load.cpu(), seconds));
  return object.text();
}

}  // namespace troupe::bench
