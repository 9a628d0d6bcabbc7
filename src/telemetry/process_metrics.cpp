#include "telemetry/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace troupe {
namespace {

namespace fs = std::filesystem;

/// The fields of /proc/self/stat from the third on; the second, the name, may hold spaces.
std::vector<std::string> stat_fields() {
  std::ifstream stream("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// Seconds since 1970 when the system started.
std::optional<double> boot_time() {
  std::ifstream stream("/proc/stat");
  std::string word;
  for (double value = 0; stream >> word;)
    if (word == "btime" && stream >> value) return value;
  return std::nullopt;
}

std::optional<double> open_files() {
  std::error_code failed;
  double count = 0;
  for (fs::directory_iterator entry("/proc/self/fd", failed), end; !failed && entry != end; entry.increment(failed)) ++count;
  return failed ? std::nullopt : std::optional(count);
}

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  return {name, help, type, {metric}};
}

}  // namespace

std::vector<prometheus::MetricFamily> collect_process_metrics() {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  // Positions as in proc(5), less the three fields that stat_fields() leaves out or counts from one.
  constexpr std::size_t kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStartTicks = 19, kVirtualBytes = 20, kPages = 21;
  const auto fields = stat_fields();
  if (fields.size() > kPages) {
    const auto number = [&](std::size_t at) { return std::stod(fields[at]); };
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    families.push_back(family("process_cpu_seconds_total", "Processor time used, in seconds.", MetricType::Counter,
                              (number(kUserTicks) + number(kSystemTicks)) / ticks));
    families.push_back(family("process_resident_memory_bytes", "Memory in use.", MetricType::Gauge,
                              number(kPages) * static_cast<double>(sysconf(_SC_PAGESIZE))));
    families.push_back(family("process_virtual_memory_bytes", "Address space in use.", MetricType::Gauge, number(kVirtualBytes)));
    families.push_back(family("process_threads", "Threads of the process.", MetricType::Gauge, number(kThreads)));
    if (const auto boot = boot_time())
      families.push_back(family("process_start_time_seconds", "Start of the process, in seconds since 1970.",
                                MetricType::Gauge, *boot + number(kStartTicks) / ticks));
  }
  if (const auto count = open_files())
    families.push_back(family("process_open_fds", "Open file descriptors.", MetricType::Gauge, *count));
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0)
    families.push_back(family("process_max_fds", "Most file descriptors that may be open.", MetricType::Gauge,
                              static_cast<double>(files.rlim_cur)));
  return families;
}

}  // namespace troupe
