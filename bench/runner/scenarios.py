"""What is measured: the client's arguments for each row of the table, in full size and as a smoke test."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    arguments: tuple
    smoke_arguments: tuple


SCENARIOS = (
    Scenario("one-step jobs, 64 connections",
             ("throughput", "--jobs", "20000", "--connections", "64"),
             ("throughput", "--jobs", "200", "--connections", "16")),
    Scenario("one-step jobs, batches of 500",
             ("batch", "--jobs", "50000", "--batch", "500"),
             ("batch", "--jobs", "400", "--batch", "100")),
    Scenario("one-step jobs, 100/s",
             ("latency", "--rate", "100", "--seconds", "10"),
             ("latency", "--rate", "50", "--seconds", "0.5")),
    Scenario("one-step jobs, 2000/s",
             ("latency", "--rate", "2000", "--seconds", "5"),
             ("latency", "--rate", "200", "--seconds", "0.5")),
    Scenario("ten-step chains, 1000 at once",
             ("chain", "--jobs", "1000"),
             ("chain", "--jobs", "20")),
    Scenario("ten-step chains, 5/s",
             ("latency", "--workflow", "chain10", "--rate", "5", "--seconds", "4"),
             ("latency", "--workflow", "chain10", "--rate", "10", "--seconds", "0.5")),
)

WARM_UP = (
    (("throughput", "--jobs", "2000"), ("throughput", "--jobs", "20")),
    (("chain", "--jobs", "100"), ("chain", "--jobs", "5")),
)
