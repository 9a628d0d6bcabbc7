"""What the figures were taken on and of."""

import hashlib
import os
import platform
import re
import subprocess
import time
from pathlib import Path


def output(*command):
    return subprocess.run(command, text=True, capture_output=True).stdout.strip()


def describe(root, troupe):
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu[1] if cpu else platform.machine(),
        "processors": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / 2**20) if memory else None,
        "kernel": platform.release(),
        "commit": output("git", "-C", str(root), "describe", "--always", "--dirty"),
        "version": output(str(troupe), "version"),
        "binary_sha256": hashlib.sha256(Path(troupe).read_bytes()).hexdigest()[:16],
        "load_average": os.getloadavg()[0],
    }
