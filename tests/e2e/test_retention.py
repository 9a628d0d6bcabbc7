"""What has been kept for as long as its class says goes, and nothing else; the audit trail stays whole (ADR 0016)."""

import os
import sqlite3
import time

import pytest

from http_client import eventually
from troupe_server import CommandLine

SWEEPING = "[retention]\nperiod = \"100ms\"\nblobs = \"1h\"\nblobs_period = \"1s\"\n"
DRAW = {"type": "generate", "config": {"prompt": "x", "count": 2, "width": 64, "height": 64}}
BRIEF = {"key": "brief", "retention": "2s", "steps": [{"name": "draw", **DRAW}]}
LASTING = {"key": "lasting", "steps": [{"name": "draw", **DRAW, "config": {**DRAW["config"], "prompt": "other"}}]}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request, make_server):
    url = request.getfixturevalue("postgres").fresh_database() if request.param == "postgresql" else None
    server = make_server(config=SWEEPING, database_url=url).start()
    server.apply(BRIEF)
    server.apply(LASTING)
    return server


def verify(server):
    return CommandLine(server.binary)("audit", "verify", *server.store())


def blobs(server):
    return [path for path in (server.data_dir / "blobs").glob("??/*") if path.parent.name != "tmp"]


def age(files):
    """As if they had been stored two hours ago."""
    then = time.time() - 7200
    for file in files:
        os.utime(file, (then, then))


def is_gone(server, path):
    return server.http.get(path).status == 404


def test_a_job_goes_with_its_assets_and_another_stays(server):
    kept = server.run("lasting")
    job = server.run("brief", job_id="order-1")
    asset = job["assets"][0]
    assert len(blobs(server)) == 4
    eventually(lambda: is_gone(server, f"/v1/jobs/{job['id']}"), "the job is removed")
    assert is_gone(server, "/v1/jobs/order-1") and is_gone(server, f"/v1/runs/{job['execution_id']}")
    assert is_gone(server, f"/v1/assets/{asset['id']}") and is_gone(server, f"/v1/jobs/{job['id']}/audit")
    assert [shown["id"] for shown in server.http.get("/v1/jobs").json["items"]] == [kept["id"]]
    age(blobs(server))
    eventually(lambda: len(blobs(server)) == 2, "its images are removed")
    assert all(server.http.get(f"/v1/assets/{other['id']}/content").status == 200 for other in kept["assets"])
    assert server.http.get("/v1/audit/verify").json["whole"]

    removed = next(r for r in server.http.get("/v1/audit?limit=500").json["items"] if r["action"] == "retention.removed")
    assert [entry["id"] for entry in removed["details"]["jobs"]] == [job["id"]]
    again = server.http.post("/v1/jobs", {"workflow_key": "brief", "job_id": "order-1", "inputs": {"n": 2}})
    assert again.status == 202, "its name is free"
    assert server.stop() == 0
    assert verify(server).returncode == 0
    assert len(blobs(server)) >= 2


def test_it_goes_after_a_restart_too_and_not_while_it_is_open(make_server):
    server = make_server(config=SWEEPING)
    server.start()
    server.apply({"key": "slow", "retention": "1s", "steps": [{"name": "wait", "type": "delay", "config": {"duration": "3s"}}]})
    job = server.submit("slow")
    assert server.stop() == 0
    server.start()
    assert server.http.get(f"/v1/jobs/{job}").status == 200
    eventually(lambda: is_gone(server, f"/v1/jobs/{job}"), "it has ended and is removed")
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_what_is_removed_behind_its_back_is_found(make_server):
    server = make_server(config=SWEEPING)
    server.start()
    server.apply(BRIEF)
    job = server.run("brief")
    eventually(lambda: is_gone(server, f"/v1/jobs/{job['id']}"), "the job is removed")
    assert server.stop() == 0
    database = sqlite3.connect(server.data_dir / "troupe.db")
    with database:
        assert database.execute("DELETE FROM journal_stub").rowcount > 0
    database.close()
    done = verify(server)
    assert done.returncode == 7 and "does not match" in done.stdout + done.stderr, done


def test_a_server_with_another_database_removes_no_blobs(make_server, tmp_path):
    server = make_server(config=SWEEPING).start()
    server.apply(LASTING)
    server.run("lasting")
    eventually(lambda: (server.data_dir / "blobs/owner").exists(), "retention has found whose blobs they are")
    assert server.stop() == 0
    other = make_server(config=SWEEPING, data_dir=server.data_dir, database_url=f"sqlite:{tmp_path}/other.db").start()
    other.apply({**LASTING, "steps": [{"name": "draw", **DRAW, "config": {**DRAW["config"], "prompt": "third"}}]})
    other.run("lasting")
    age(blobs(server))
    eventually(lambda: "belongs to another database" in other.log(), "it has looked")
    assert len(blobs(server)) == 4
