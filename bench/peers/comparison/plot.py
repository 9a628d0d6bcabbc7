"""The figures as one SVG of small bar charts: the median as a bar, least to greatest as a line across its end."""

import statistics
from html import escape

from .table import jobs_per_second, latency

PANELS = (
    ("one by one, 64 in flight", "jobs/s", "one_by_one", jobs_per_second),
    ("bulk of 500", "jobs/s", "bulk", jobs_per_second),
    ("ten steps, 1,000 at once", "workflows/s", "chain", jobs_per_second),
    ("parked for an hour", "jobs/s", "park", jobs_per_second),
    ("100 jobs/s: completed, p50", "ms, less is better", "open_loop", latency("complete_ms", "p50")),
    ("100 jobs/s: completed, p99", "ms, less is better", "open_loop", latency("complete_ms", "p99")),
    ("disk of a parked job", "bytes, less is better", "park", lambda run: run["disk_bytes_per_job"]),
    ("idle, all processes but the client", "MiB, less is better", "idle", lambda run: run["memory_bytes"]["sum"] / 2**20),
)
COLUMNS = 2
LABEL, BAR, FIGURE = 130, 230, 70  # widths: names, the longest bar, the figure behind it
LINE, HEAD, GAP = 20, 34, 24
OURS, THEIRS, INK, FAINT = "#1f6feb", "#9aa4b2", "#24292f", "#6e7781"


def text(x, y, content, size=12, colour=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(content)}</text>')


def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def panel(results, title, unit, scenario, figure):
    """Its shapes, laid out from (0, 0)."""
    yield text(0, 12, title, weight="bold")
    yield text(0, 26, unit, size=10, colour=FAINT)
    values = {system: [figure(run) for run in results.measured(system, scenario)] for system in results.systems}
    longest = max((max(each) for each in values.values() if each), default=1)
    scale = BAR / longest if longest > 0 else 0
    for index, (system, measured) in enumerate(values.items()):
        middle = HEAD + index * LINE + LINE / 2
        yield text(LABEL - 8, middle + 4, system.name, anchor="end")
        if not measured:
            yield text(LABEL, middle + 4, "not measured", size=10, colour=FAINT)
            continue
        value, least, most = statistics.median(measured), min(measured), max(measured)
        width = max(0, value) * scale
        yield (f'<rect x="{LABEL}" y="{middle - 7:.1f}" width="{max(width, 1):.1f}" height="14" '
               f'fill="{THEIRS if system.is_peer else OURS}"/>')
        if len(measured) > 1:
            yield (f'<line x1="{LABEL + max(0, least) * scale:.1f}" x2="{LABEL + most * scale:.1f}" y1="{middle:.1f}" '
                   f'y2="{middle:.1f}" stroke="{INK}"/>')
        yield text(LABEL + max(width, most * scale) + 6, middle + 4, short(value), size=11)


def plot(results, caption):
    panel_width = LABEL + BAR + FIGURE
    panel_height = HEAD + LINE * len(results.systems)
    rows = -(-len(PANELS) // COLUMNS)
    width = COLUMNS * panel_width + (COLUMNS + 1) * GAP
    height = rows * (panel_height + GAP) + 2 * GAP
    shapes = [text(GAP, GAP, caption, size=11, colour=FAINT)]
    for index, parts in enumerate(PANELS):
        x = GAP + index % COLUMNS * (panel_width + GAP)
        y = 2 * GAP + index // COLUMNS * (panel_height + GAP)
        shapes.append(f'<g transform="translate({x},{y})">' + "".join(panel(results, *parts)) + "</g>")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(shapes) + "\n</svg>\n")
