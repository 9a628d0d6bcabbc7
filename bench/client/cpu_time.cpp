#include "bench/cpu_time.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "bench/fault.hpp"

namespace troupe::bench {
namespace {

double seconds_of_ticks(double ticks) { return ticks / static_cast<double>(sysconf(_SC_CLK_TCK)); }

double own_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Of one process and of its children that have ended. Nothing of a process that is gone: its parent counts it.
double process_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  std::istringstream fields(line.substr(line.rfind(')') + 2));  // the name may hold blanks
  constexpr int kFieldsBeforeUtime = 11;                        // state … cmajflt, proc(5)
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeUtime; ++i) fields >> skipped;
  double utime = 0, stime = 0, children_utime = 0, children_stime = 0;
  fields >> utime >> stime >> children_utime >> children_stime;
  return utime + stime + children_utime + children_stime;
}

double tree_ticks(pid_t pid) {
  double ticks = process_ticks(pid);
  const std::string process = std::to_string(pid);
  std::ifstream file("/proc/" + process + "/task/" + process + "/children");
  for (pid_t child = 0; file >> child;) ticks += tree_ticks(child);
  return ticks;
}

double tree_seconds(pid_t pid) {
  if (pid == 0) return 0;
  if (access(("/proc/" + std::to_string(pid)).c_str(), F_OK) != 0)
    stop_with("there is no process " + std::to_string(pid));
  return seconds_of_ticks(tree_ticks(pid));
}

double machine_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0;
  file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
  return seconds_of_ticks(user + nice + system + irq + softirq);
}

}  // namespace

CpuTime CpuTime::operator-(const CpuTime& earlier) const {
  return {client - earlier.client, server - earlier.server, database - earlier.database, machine - earlier.machine};
}

CpuTime cpu_time_now(pid_t server, pid_t database) {
  return {own_seconds(), tree_seconds(server), tree_seconds(database), machine_seconds()};
}

int processors() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

}  // namespace troupe::bench
