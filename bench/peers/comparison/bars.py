"""What Troupe is to reach: multiples of the best peer, and figures of its own. Told, not enforced: the machine may be busy."""

from .table import jobs_per_second, latency, median

# scenario, title, times the best peer, times the best engine of durable execution: by Troupe's store
MULTIPLES = (
    ("one_by_one", "one by one", {"postgresql": (3, 10), "sqlite": (4, 14)}),
    ("bulk", "bulk", {"postgresql": (2, None), "sqlite": (2, None)}),
    ("chain", "ten steps", {"postgresql": (4, 10), "sqlite": (4, 10)}),
)

# scenario, title, figure, unit, bound, whether it is the least or the greatest that is allowed
FIGURES = (
    ("open_loop", "accepted p50", latency("accept_ms", "p50"), "ms", 1, max),
    ("open_loop", "accepted p99", latency("accept_ms", "p99"), "ms", 5, max),
    ("open_loop", "completed p50", latency("complete_ms", "p50"), "ms", 2, max),
    ("open_loop", "completed p99", latency("complete_ms", "p99"), "ms", 8, max),
    ("park", "parked", jobs_per_second, "jobs/s", 20_000, min),
    ("park", "memory of a parked job", lambda run: run["memory_bytes_per_job"], "B", 67, max),
    ("park", "disk of a parked job", lambda run: run["disk_bytes_per_job"], "B", 1_200, max),
    ("idle", "idle memory of the engine", lambda run: run["memory_bytes"]["engine"] / 2**20, "MiB", 50, max),
)


def verdict(reached):
    return "reached" if reached else "missed"


def bars(results):
    lines = ["| bar | store | needed | measured | |", "| --- | --- | ---: | ---: | --- |"]
    for system in results.systems:
        if system.is_peer:
            continue
        for scenario, title, needed in MULTIPLES:
            mine = median(results.measured(system, scenario), jobs_per_second)
            for times, durable_execution in zip(needed[system.engine], (False, True)):
                peer, theirs = results.best_peer(scenario, durable_execution)
                if mine and peer and times:
                    lines.append(f"| {title}, against {peer.name} | {system.engine} | ≥ {times} × | {mine / theirs:.1f} × | "
                                 f"{verdict(mine >= times * theirs)} |")
        for scenario, title, figure, unit, bound, limit in FIGURES:
            mine = median(results.measured(system, scenario), figure)
            if mine is not None:
                sign = "≤" if limit is max else "≥"
                lines.append(f"| {title} | {system.engine} | {sign} {bound:,} {unit} | {mine:,.1f} {unit} | "
                             f"{verdict(limit(mine, bound) == bound)} |")
    return "\n".join(lines) + "\n"
