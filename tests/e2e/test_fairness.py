"""Who has the next slot: a client among floods of others, weights, priorities; and who may have how many live jobs
(docs/operations.md: who has the next slot)."""

import json

import pytest

from http_client import eventually

FLOOD = 8_000
CONFIG = """
[worker]
slots = 2

[queue]
max_wait = "3s"

[clients.gold]
weight = 3

[exec.commands.work]
program = "/bin/sleep"
args = ["0.01"]
"""


@pytest.fixture
def server(make_server):
    server = make_server(config=CONFIG).start()
    server.apply({"key": "work", "timeout": "1h", "steps": [{"name": "it", "type": "exec", "timeout": "1h", "config": {"command": "work"}}]})
    return server


def flood(server, client, count, **fields):
    """Posts so many jobs at once; the statuses of the answers."""
    lines = b"".join(json.dumps({"workflow_key": "work", "client_id": client, **fields}).encode() + b"\n" for _ in range(count))
    answer = server.http.post("/v1/jobs/batch", body=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=120)
    return [json.loads(line)["status"] for line in answer.body.splitlines()]


def jobs(server, query):
    items, cursor = [], ""
    while cursor is not None:
        page = server.http.get(f"/v1/jobs?limit=500&{query}{cursor}").json
        items += page["items"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return items


def test_one_job_behind_a_flood_of_another_client_starts_with_the_next_slots(server):
    for _ in range(10):  # 100,000: as many live jobs as one client may have
        assert flood(server, "flood", 10_000) == [202] * 10_000
    eventually(lambda: len(jobs(server, "client_id=flood&status=success")) >= 50, "the flood is under way")
    quiet = [server.await_end(server.submit("work", client_id="quiet")) for _ in range(5)]
    ended = [job for job in jobs(server, "client_id=flood&status=success")]
    assert len(ended) < FLOOD, "the flood has hardly begun"
    for job in quiet:
        assert job["status"] == "success"
        between = [one for one in ended if job["created_at"] < one["started_at"] < job["started_at"]]
        print(f"started in {job['started_at']} of {job['created_at']}: behind {len(between)} of the flood")
        assert len(between) <= 8, "two slots, a turn each, and what a commit and the clock's milliseconds allow"


def test_a_job_after_a_restart_does_not_wait_for_the_flood_either(server):
    flood(server, "flood", FLOOD)
    quiet = server.submit("work", client_id="quiet", priority=5)
    server.kill()
    server.start()
    assert server.await_end(quiet, 15)["status"] == "success"
    assert len(jobs(server, "client_id=flood&status=success")) < FLOOD / 2


def test_clients_share_by_weight(server):
    server.apply({"key": "hold", "steps": [{"name": "it", "type": "exec", "config": {"command": "work", "args": ["1"]}}]})
    for _ in range(2):
        server.submit("hold")
    flood(server, "gold", 600)
    flood(server, "plain", 600)
    eventually(lambda: len(jobs(server, "client_id=gold&status=success")) >= 300, "gold is half done")
    gold, plain = (len(jobs(server, f"client_id={client}&status=success")) for client in ("gold", "plain"))
    assert 2.4 < gold / plain < 3.6, (gold, plain)


def test_a_low_priority_waits_for_the_higher_ones_and_no_longer_than_the_maximum(server):
    flood(server, "urgent", FLOOD, priority=10)
    job = server.await_end(server.submit("work", client_id="patient", priority=1), 30)
    waited = job["timings"]["queued_seconds"]
    assert 2.9 <= waited < 5, waited
    assert len(jobs(server, "client_id=urgent&status=success")) < FLOOD


def test_one_client_may_not_take_all_the_room(make_server):
    server = make_server(config="[limits]\njobs_in_flight = 100\n\n[exec.commands.sleep]\nprogram = '/bin/sleep'\n").start()
    server.apply({"key": "work", "steps": [{"name": "it", "type": "exec", "config": {"command": "sleep", "args": ["5"]}}]})
    statuses = flood(server, "flood", 100)
    assert statuses == [202] * 80 + [503] * 20
    refused = server.http.post("/v1/jobs", {"workflow_key": "work", "client_id": "flood"})
    assert (refused.status, refused.json["code"]) == (503, "overloaded") and "client flood" in refused.json["detail"], refused
    assert int(refused.headers["Retry-After"]) >= 1
    assert flood(server, "other", 20) == [202] * 16 + [503] * 4
    for n in range(4):
        server.submit("work", client_id=f"quiet-{n}")
    assert server.http.post("/v1/jobs", {"workflow_key": "work", "client_id": "late"}).status == 503, "it is full"
