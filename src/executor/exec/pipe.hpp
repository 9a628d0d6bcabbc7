// Pipes between the server and the processes that it starts.
#pragma once

#include "troupe/base/fd.hpp"

namespace troupe {

struct Pipe {
  Fd read, write;
};

/// Closed at exec, and not among the standard streams. `write` is not open if it failed; errno says why.
Pipe make_pipe();

/// If this process runs without standard streams, a new descriptor may be 0, 1 or 2, which a child overwrites.
Fd above_standard(Fd fd);

void stop_blocking(const Fd& fd);

}  // namespace troupe
