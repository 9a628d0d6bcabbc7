"""The runs as one table: the median of the rounds, and in brackets the least and the greatest; then the bars."""

import statistics

from .scenarios import TITLES

CPU_ROLES = (("client",), ("engine",), ("handlers", "client and handlers"), ("database",), ("others",))


def median(runs, value):
    values = [value(run) for run in runs]
    return statistics.median(values) if values else None


def cell(runs, value, form="{:.0f}"):
    values = [value(run) for run in runs]
    if not values:
        return ""
    if len(values) == 1:
        return form.format(values[0])
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def jobs_per_second(run):
    return run["jobs_per_second"]


def latency(kind, percentile):
    return lambda run: run[kind][percentile]


class Results:
    """All runs, to be asked by system and scenario."""

    def __init__(self, systems, runs):
        self.systems = systems
        self.runs = runs

    def of(self, system, scenario):
        return [run for run in self.runs if run["system"] == system.name and run["scenario"] == scenario]

    def measured(self, system, scenario):
        return [run for run in self.of(system, scenario) if "not_measured" not in run]

    def best_peer(self, scenario, durable_execution=False):
        """(system, jobs/s) of the fastest one."""
        peers = [system for system in self.systems if system.is_peer and (system.durable_execution or not durable_execution)]
        speeds = [(median(self.measured(peer, scenario), jobs_per_second), peer) for peer in peers]
        speeds = [(speed, peer) for speed, peer in speeds if speed]
        if not speeds:
            return None, None
        speed, peer = max(speeds, key=lambda each: each[0])
        return peer, speed


def latencies(runs, kind, percentiles, in_full):
    if not in_full:
        return " / ".join(f"{median(runs, latency(kind, each)):.1f}" for each in percentiles)
    return " / ".join(cell(runs, latency(kind, each), "{:.1f}") for each in percentiles)


def cpu_share(runs, names):
    shares = [share for name in names if (share := median(runs, lambda run: run["cpu_share"].get(name, 0)))]
    return f"{sum(shares) * 100:.0f}" if shares else "–"


def ratio(troupe, peer_runs, results, scenario):
    mine, theirs = median(results.measured(troupe, scenario), jobs_per_second), median(peer_runs, jobs_per_second)
    return f"{mine / theirs:.1f}" if mine and theirs else ""


def memory_cell(runs, scenario):
    if scenario == "park":
        return cell(runs, lambda run: run["memory_bytes_per_job"]) + " B each"
    parts = [f"{role} {median(runs, lambda run: run['memory_bytes'][role]) / 2**20:.0f}"
             for role in runs[0]["memory_bytes"] if role != "sum"]
    return cell(runs, lambda run: run["memory_bytes"]["sum"] / 2**20) + f" MiB: {', '.join(parts)}"


def row(results, system, scenario):
    runs = results.measured(system, scenario)
    if not runs:
        reasons = {run["not_measured"] for run in results.of(system, scenario)} or {"no run"}
        return [TITLES[scenario], system.name, f"not measured: {'; '.join(sorted(reasons))}"]
    cells = [TITLES[scenario], system.name]
    if scenario == "idle":
        return cells + [""] * 4 + [memory_cell(runs, scenario)]
    cells.append("" if scenario == "open_loop" else cell(runs, jobs_per_second))
    if scenario == "park":
        cells += ["", ""]
    else:
        in_full = scenario == "open_loop"
        cells += [latencies(runs, "accept_ms", ("p50", "p99"), in_full),
                  latencies(runs, "complete_ms", ("p50", "p95", "p99", "max"), in_full)]
    cells.append(" / ".join(cpu_share(runs, role) for role in CPU_ROLES))
    cells.append(memory_cell(runs, scenario) if scenario == "park" else "")
    cells.append(cell(runs, lambda run: run["disk_bytes_per_job"]) if scenario == "park" else "")
    if system.is_peer and scenario != "open_loop":
        cells += [ratio(troupe, runs, results, scenario) for troupe in results.systems if not troupe.is_peer]
    return cells


def table(results):
    ours = [system for system in results.systems if not system.is_peer]
    head = ["scenario", "system", "jobs/s", "accepted ms p50 / p99", "completed ms p50 / p95 / p99 / max",
            "CPU % client / engine / handlers / database / others", "memory", "disk B each",
            *(f"{system.name} ÷ this" for system in ours)]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- |" + " ---: |" * (len(head) - 2)]
    for scenario in TITLES:
        for system in results.systems:
            if results.of(system, scenario):
                cells = row(results, system, scenario)
                lines.append("| " + " | ".join(cells + [""] * (len(head) - len(cells))) + " |")
    return "\n".join(lines) + "\n"
