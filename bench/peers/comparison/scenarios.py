"""What is measured, and how much of it for each system: enough for some seconds of work, so that slow ones get fewer jobs."""

from dataclasses import dataclass

IN_FLIGHT = 64
BATCH = 500
BATCHES_IN_FLIGHT = 4
RATE = 100
OPEN_LOOP_SECONDS = 10
WORKFLOWS = 1000

TITLES = {
    "one_by_one": "one by one, 64 in flight",
    "bulk": "bulk of 500",
    "open_loop": "100 jobs/s",
    "chain": "ten steps, 1,000 at once",
    "park": "parked for an hour",
    "idle": "idle",
}


@dataclass(frozen=True)
class Sizes:
    one_by_one: int
    bulk: int
    park: int
    chain: int = WORKFLOWS
    open_loop: int = RATE * OPEN_LOOP_SECONDS


SMOKE = Sizes(one_by_one=100, bulk=1000, park=1000, chain=20, open_loop=20)
WARM_UP = Sizes(one_by_one=500, bulk=2000, park=1000, chain=100, open_loop=50)

# The scenarios of one fresh start. Memory and disk are read where nothing else has run before.
STARTS = (("idle", "park"), ("one_by_one", "bulk", "open_loop", "chain"))
