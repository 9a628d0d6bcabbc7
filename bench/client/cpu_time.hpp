// Processor time, as the kernel counts it: of this process, of others with their children, and of the whole machine.
#pragma once

#include <sys/types.h>

namespace troupe::bench {

struct CpuTime {
  double client = 0, server = 0, database = 0;  ///< seconds
  double machine = 0;                           ///< of all processors, whoever used them

  /// What neither of the three used: the kernel's own work for them, and the noise of the machine.
  double others() const { return machine - client - server - database; }
  CpuTime operator-(const CpuTime& earlier) const;
};

/// A pid of 0 counts as nothing.
CpuTime cpu_time_now(pid_t server, pid_t database);
int processors();

}  // namespace troupe::bench
