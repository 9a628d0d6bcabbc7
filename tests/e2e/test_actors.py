"""The actors of a server: what is shown of them, the restart of one, and that nothing is left of work that has ended."""

import os
import signal

import pytest

from http_client import eventually
from quiet import Quiet, commands_of
from troupe_server import CommandLine

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""


def step(script, **fields):
    return {"name": "it", "type": "exec", "config": {"command": "sh", "args": [script]}, **fields}


@pytest.fixture
def server(make_server):
    server = make_server(config=CONFIG).start()
    server.apply({"key": "quick", "steps": [step("true")]})
    server.apply({"key": "long", "steps": [step("sleep 300", retry={"max_attempts": 3, "initial": "100ms"})]})
    server.apply({"key": "fails", "steps": [step("exit 3")]})
    return server


def actors(server):
    """By id."""
    answer = server.http.get("/v1/actors")
    assert answer.status == 200, answer
    found = {}

    def add(actor):
        found[actor["id"]] = actor
        for child in actor["children"]:
            add(child)

    add(answer.json)
    return found


def restart(server, actor):
    return server.http.post(f"/v1/actors/{actor}/restart", None)


def test_every_actor_is_shown_down_to_the_runs(server):
    job_id = server.submit("long")
    server.await_step(job_id, "it", "running")
    found = actors(server)
    for name in ("node", "persistence:0", "completion", "timer", "schedules", "broker", "supervisor", "worker:instant", "worker:http",
                 "worker:exec", "worker:generate", f"job:{job_id}"):
        assert found[name]["state"] == "running", found[name]
    assert found["worker:exec"]["busy"] == 1
    assert found["supervisor"]["live_jobs"] == 1


def test_a_worker_is_restarted_and_its_step_is_retried(server):
    job_id = server.submit("long")
    server.await_step(job_id, "it", "running")
    command = eventually(lambda: commands_of(server.pid), "the command runs")
    answer = restart(server, "worker:exec")
    assert (answer.status, answer.json["id"]) == (202, "worker:exec"), answer
    eventually(lambda: (now := commands_of(server.pid)) and not set(now) & set(command), "it runs anew, and the old one is gone")
    assert "worker_lost" in [record["details"].get("error", {}).get("code") for record in server.trail(job_id)]
    assert actors(server)["worker:exec"]["restarts"] == 1
    records = server.http.get("/v1/audit?action=actor.restarted").json["items"]
    assert [record["details"] for record in records] == [{"actor": "worker:exec"}]
    assert 'troupe_actor_restarts_total{actor="worker:exec"} 1' in server.http.get("/metrics").body.decode()


def test_what_cannot_be_restarted_is_409_or_404_with_the_reason(server):
    for actor in ("broker", "persistence:0", "supervisor"):
        answer = restart(server, actor)
        assert (answer.status, answer.json["code"]) == (409, "conflict"), answer
        assert "cannot be restarted by itself" in answer.json["detail"]
    for actor in ("worker:nobody", "nothing", "job:x"):
        assert restart(server, actor).status == 404
    job_id = server.run("quick")["id"]
    assert restart(server, f"job:{job_id}").json["code"] == "job_finished"


def test_the_command_line_shows_and_restarts(server, troupe):
    cli = CommandLine(troupe, server)
    shown = cli("actors")
    assert shown.returncode == 0 and "worker:exec" in shown.stdout, shown
    assert cli("actors", "--restart", "worker:exec").returncode == 0
    assert cli("actors", "--restart", "broker").returncode == 6
    assert cli("actors", "--restart", "worker:nobody").returncode == 5


def test_nothing_is_left_when_all_work_has_ended(server):
    server.run("quick")  # so that what is made once is there
    quiet = Quiet(server)
    threads, files = quiet.holds()
    running = [server.submit("long", timeout_seconds=600) for _ in range(8)]
    others = [server.submit(workflow) for _ in range(10) for workflow in ("quick", "fails")]
    for job_id in running[:2]:
        server.await_step(job_id, "it", "running")
    assert restart(server, "worker:exec").status == 202
    assert restart(server, f"job:{running[0]}").status == 202
    for pid in commands_of(server.pid)[:2]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for job_id in running:
        server.http.post(f"/v1/jobs/{job_id}/cancel", {})
    for job_id in running + others:
        server.await_end(job_id)
    quiet.await_again()
    assert quiet.holds()[0] <= threads + 8 and quiet.holds()[1] <= files + 16, (threads, files, quiet.holds())
