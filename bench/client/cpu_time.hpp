// Processor time, as the kernel counts it: of this process, of others with their children, and of the whole machine.
#pragma once

#include <sys/types.h>

#include <algorithm>

namespace troupe::bench {

struct CpuTime {
  double client = 0, server = 0, database = 0;  ///< seconds
  double machine = 0;                           ///< of all processors, whoever used them

  /// What none of the three used: the kernel's own work for them, and whatever else runs on the machine. Processes are
  /// counted exactly and the machine by ticks, so a small amount may come out as none.
  double others() const { return std::max(0.0, machine - client - server - database); }
  CpuTime operator-(const CpuTime& earlier) const;
};

/// A pid of 0 counts as nothing.
CpuTime cpu_time_now(pid_t server, pid_t database);
int processors();

}  // namespace troupe::bench
