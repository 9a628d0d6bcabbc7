"""When a job will end, and its place in the queue: what is said is held against what comes (CONTRACTS §2)."""

from datetime import datetime
import math
import random
import statistics
import time

import pytest

from http_client import eventually

CONFIG = """
[worker]
slots = 2

[exec.commands.nap]
program = "/bin/sleep"
"""
NAP = {"name": "nap", "type": "exec", "config": {"command": "nap", "args": ["${ .inputs.seconds }"]}}
ONE = {"key": "one", "timeout": "10m", "steps": [NAP]}
TWO = {"key": "two", "timeout": "10m", "steps": [{**NAP, "name": "first"}, {**NAP, "name": "second"}]}
PAUSE = {"key": "pause", "timeout": "2h", "steps": [{"name": "rest", "type": "delay", "config": {"duration": "1h"}}]}


@pytest.fixture
def server(make_server):
    server = make_server(config=CONFIG).start()
    for workflow in (ONE, TWO, PAUSE):
        server.apply(workflow)
    return server


def seconds(later, earlier):
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def submit(server, workflow, nap):
    answer = server.http.post("/v1/jobs", {"workflow_key": workflow, "inputs": {"seconds": f"{nap:.3f}"}})
    assert answer.status == 202, answer
    return answer.json


def test_what_is_said_comes_true_in_the_median(server, capsys):
    chance = random.Random(20261128)

    def nap():
        return min(2.0, 0.25 * math.exp(0.4 * chance.gauss(0, 1)))

    accepted = []
    for _ in range(90):  # two slots, busy for some nine tenths of the time
        accepted.append(submit(server, chance.choice(["one", "one", "two"]), nap()))
        time.sleep(chance.expovariate(1 / 0.21))
    ends = [server.await_end(job["id"], 120) for job in accepted]
    ratios = []
    for job, end in list(zip(accepted, ends))[20:]:
        assert end["status"] == "success"
        said = seconds(job["estimated_completion"], job["accepted_at"])
        took = seconds(end["completed_at"], job["accepted_at"])
        ratios.append(took / max(said, 0.05))
    error = statistics.median(max(ratio, 1 / ratio) for ratio in ratios)
    within = sum(0.5 <= ratio <= 2 for ratio in ratios) / len(ratios)
    with capsys.disabled():
        print(f"\n{len(ratios)} jobs: took/said median {statistics.median(ratios):.2f}, median error x{error:.2f}, "
              f"within a factor of two {within:.0%}")
    assert error < 2 and within > 0.5


def test_an_open_job_tells_its_place_and_when_it_will_end(server):
    for _ in range(3):  # so that something is known
        server.await_end(submit(server, "one", 0.5)["id"])
    jobs = [submit(server, "one", 0.5) for _ in range(8)]

    def status(job):
        return server.http.get(f"/v1/jobs/{job['id']}/status").json

    eventually(lambda: status(jobs[7]).get("queue"), "the last one waits", 10, 0.01)
    last, places = status(jobs[7]), [status(job).get("queue", {}).get("position", 0) for job in jobs]
    assert last["waiting_for"] == "worker" and 1 <= last["queue"]["position"] <= 6
    assert places == sorted(places), "who came first is before who came later"
    assert seconds(last["estimated_completion"], last["queue"]["estimated_start"]) > 0
    assert server.http.get(f"/v1/jobs/{jobs[7]['id']}").json["queue"]["position"] >= 1
    end = server.await_end(jobs[7]["id"])
    assert "estimated_completion" not in end and "queue" not in end
    assert "estimated_completion" not in status(jobs[7])


def test_a_delay_is_added_to_what_is_said(server):
    job = server.http.post("/v1/jobs", {"workflow_key": "pause"}).json
    assert 3_599 <= seconds(job["estimated_completion"], job["accepted_at"]) <= 3_601
    shown = server.http.get(f"/v1/jobs/{job['id']}/status").json
    assert shown["waiting_for"] == "timer" and "queue" not in shown
    assert 3_590 <= seconds(shown["estimated_completion"], job["accepted_at"]) <= 3_601
