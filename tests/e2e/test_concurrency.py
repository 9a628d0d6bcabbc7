"""Workflows with a concurrency limit: no more runs with one key are under way, also over kill -9 (docs/workflows.md: so many at
once)."""

import pytest

from http_client import eventually

CONFIG = """
[exec.commands.nap]
program = "/bin/sleep"
args = ["0.2"]
"""
LIMIT = 2


def definition(limit):
    return {"key": "limited", "timeout": "10m", "concurrency": {"limit": limit, "key": "${ .inputs.customer }"},
            "steps": [{"name": "first", "type": "exec", "config": {"command": "nap"}}, {"name": "second", "type": "exec", "config": {"command": "nap"}}]}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request, make_server):
    url = request.getfixturevalue("postgres").fresh_database() if request.param == "postgresql" else None
    server = make_server(config=CONFIG, database_url=url).start()
    server.apply(definition(LIMIT))
    return server


def gauges(server):
    lines = server.http.get("/metrics").body.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("troupe_concurrency_"))
    return int(float(values["troupe_concurrency_held"])), int(float(values["troupe_concurrency_used"]))


def under_way(server, job_ids):
    """When each run began and ended, by its trail: from its acceptance or admission to its end, in order."""
    spans = []
    for job_id in job_ids:
        times = {record["action"]: record["at"] for record in server.trail(job_id)}
        held = "run.held" in times
        spans.append((times["run.admitted" if held else "job.accepted"], times["run.completed"]))
    return spans


def most_at_once(spans):
    changes = sorted([(end, -1) for _, end in spans] + [(begin, 1) for begin, _ in spans])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def test_no_more_than_the_limit_are_under_way_over_kills(server):
    jobs = {customer: [server.submit("limited", {"customer": customer}) for _ in range(7)] for customer in ("a", "b")}
    held = server.http.get(f"/v1/jobs/{jobs['a'][-1]}/status").json
    assert (held["status"], held["waiting_for"]) == ("pending", "concurrency")
    assert gauges(server) == (10, 4)
    for _ in range(3):
        done = sum(server.job(job)["status"] == "success" for job in jobs["a"])
        eventually(lambda: sum(server.job(job)["status"] == "success" for job in jobs["a"]) > done, "one more has ended")
        server.kill()
        server.start()
    for of_one in jobs.values():
        assert all(server.await_end(job)["status"] == "success" for job in of_one)
        assert most_at_once(under_way(server, of_one)) == LIMIT
    assert gauges(server) == (0, 0)
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_a_held_run_can_be_cancelled_times_out_and_gives_up_its_place(server):
    first, second, cancelled, late, last = (
        server.submit("limited", {"customer": "c"}, **fields) for fields in ({}, {}, {}, {"timeout_seconds": 0.1}, {}))
    assert server.http.post(f"/v1/jobs/{cancelled}/cancel", {"reason": "not wanted"}).status == 202
    assert server.await_end(cancelled)["status"] == "cancelled"
    assert server.await_end(late)["error"]["code"] == "run_timeout"
    for job in (first, second, last):
        assert server.await_end(job)["status"] == "success"
    assert gauges(server) == (0, 0)


def test_a_retry_waits_for_its_turn_and_a_new_limit_counts_at_once(server):
    server.apply({**definition(1), "steps": [{"name": "it", "type": "exec", "config": {"command": "nap", "args": ["${ .inputs.seconds }"]}, "retry": {"max_attempts": 1}}]})
    failed = server.await_end(server.submit("limited", {"customer": "d", "seconds": "nonsense"}))
    assert failed["status"] == "failed"
    server.submit("limited", {"customer": "d", "seconds": 30})
    assert server.http.post(f"/v1/jobs/{failed['id']}/retry", {"inputs": {"customer": "d", "seconds": 0}}).status == 202
    assert server.http.get(f"/v1/jobs/{failed['id']}/status").json["waiting_for"] == "concurrency"
    server.apply(definition(2))
    assert server.await_end(failed["id"])["status"] == "success"


def test_what_is_wrong_with_it_is_told_with_its_place(server):
    wrong = {**definition(0), "concurrency": {"limit": 0, "key": "${ .steps.first.x }", "keys": 1}}
    answer = server.http.post("/v1/workflows", wrong)
    assert answer.status == 422
    pointers = {fault["pointer"] for fault in answer.json["errors"]}
    assert pointers == {"/concurrency/limit", "/concurrency/key", "/concurrency/keys"}, answer
