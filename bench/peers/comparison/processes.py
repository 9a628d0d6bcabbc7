"""What processes cost, from /proc."""

import os
import re
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """A process and its descendants."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from tree(int(child))


def cpu_seconds(pids):
    """Of these processes, and of children of theirs that have ended."""
    ticks = 0
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            continue  # its parent counts it
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))  # utime, stime and those of waited-for children
    return ticks / TICKS_PER_SECOND


def machine_cpu_seconds():
    user, nice, system, _idle, _iowait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND


def memory_bytes(pids):
    """What they hold, pages that several share counted in parts; without shared memory, which is PostgreSQL's page cache."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(kib) * 1024 for kib in re.findall(r"^Pss_(?:Anon|File):\s+(\d+) kB", rollup, re.MULTILINE))
    return total


def folder_bytes(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


class CpuMeter:
    """CPU time from its making on, by role: {role: function that lists process ids}."""

    def __init__(self, roles):
        self.roles = roles
        self.before = self._now()
        self.machine_before = machine_cpu_seconds()

    def _now(self):
        return {role: cpu_seconds(pids()) for role, pids in self.roles.items()}

    def read(self):
        now = self._now()
        used = {role: now[role] - before for role, before in self.before.items()}
        used["others"] = max(0, machine_cpu_seconds() - self.machine_before - sum(used.values()))
        return used
