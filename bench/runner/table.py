"""The runs as a table: median, and in brackets the least and the greatest."""

import statistics

COLUMNS = (
    ("jobs/s", lambda run: run["jobs_per_second"], "{:.0f}"),
    ("202 p50 ms", lambda run: run["accept_ms"]["p50"], "{:.2f}"),
    ("202 p99 ms", lambda run: run["accept_ms"]["p99"], "{:.2f}"),
    ("end p50 ms", lambda run: run["complete_ms"]["p50"], "{:.2f}"),
    ("end p99 ms", lambda run: run["complete_ms"]["p99"], "{:.2f}"),
    ("503s", lambda run: run["shed"], "{:.0f}"),
    ("client µs/job", lambda run: run["cpu_us_per_job"]["client"], "{:.0f}"),
    ("server µs/job", lambda run: run["cpu_us_per_job"]["server"], "{:.0f}"),
    ("database µs/job", lambda run: run["cpu_us_per_job"]["database"], "{:.0f}"),
    ("others' CPU %", lambda run: run["cpu_share"]["others"] * 100, "{:.0f}"),
)


def cell(runs, value, form):
    values = [value(run) for run in runs]
    if len(values) == 1:
        return form.format(values[0])
    spread = f"{form.format(min(values))}–{form.format(max(values))}"
    return f"{form.format(statistics.median(values))} ({spread})"


def table(runs):
    groups = {}
    for run in runs:
        groups.setdefault((run["scenario"], run["engine"]), []).append(run)
    lines = ["| scenario | engine | " + " | ".join(name for name, _, _ in COLUMNS) + " |",
             "| --- | --- |" + " ---: |" * len(COLUMNS)]
    for (scenario, engine), group in groups.items():
        cells = [cell(group, value, form) for _, value, form in COLUMNS]
        lines.append(f"| {scenario} | {engine} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
