"""Killed without warning, again and again: every accepted job ends once, and the audit chain is whole.

TROUPE_E2E_SEED replays the moments of an earlier run (they are printed with it when a test fails).
"""

import http.client
import os
import random
import secrets
import threading
import time

from http_client import eventually
from quiet import children_of, left_of_commands
from troupe_server import CommandLine

JOBS = 200
CONFIG = """
[exec.commands.say]
program = "/bin/sh"
args = ["-c", "sleep 0.02; echo \\"{\\\\\\"said\\\\\\": $1}\\"", "sh"]

[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""
TERMINAL = {"run.completed", "run.failed", "run.cancelled"}


def definition(receiver):
    return {
        "key": "relay",
        "inputs": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        "steps": [
            {"name": "begin", "type": "noop"},
            {"name": "pause", "type": "delay", "config": {"duration": "200ms"}},
            {"name": "double", "type": "transform", "config": {"value": "${ .inputs.n * 2 }"}},
            {"name": "call", "type": "http", "config": {"url": receiver.url + "/call", "body": {"n": "${ .inputs.n }"}}},
            {"name": "say", "type": "exec", "config": {"command": "say", "args": ["${ .inputs.n }"]}},
        ],
        "outputs": {"doubled": "${ .steps.double.value }", "said": "${ .steps.say.json.said }"},
    }


class Submitters:
    """Post the jobs, several at once; a job whose POST got no answer is posted again with the same Idempotency-Key."""

    def __init__(self, server, count):
        self.server, self.accepted, self.wrong = server, {}, []
        self.up, self.go_on = threading.Event(), True
        self._numbers, self._lock = iter(range(count)), threading.Lock()
        self.unanswered = 0
        self.permits = threading.Semaphore(0)
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        while True:
            self.permits.acquire()
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            self._submit(number)

    def _submit(self, number):
        body = {"workflow_key": "relay", "inputs": {"n": number}, "timeout_seconds": 600}
        while self.go_on:
            self.up.wait(0.5)
            try:
                answer = self.server.http.post("/v1/jobs", body, headers={"Idempotency-Key": f"relay-{number}"}, timeout=10)
            except (OSError, http.client.HTTPException):  # refused, cut, or killed in the middle of its answer
                self.unanswered += 1
                time.sleep(0.02)
                continue
            if answer.status == 202:
                self.accepted[number] = answer.json["job_id"]
                return
            if answer.status not in (409, 503):  # in flight, or not ready again yet
                self.wrong.append(answer)
                return
            time.sleep(0.02)


def kill_and_restart(server, submitters, moments):
    for number, moment in enumerate(moments):
        share = JOBS // len(moments) + 1
        submitters.permits.release(share // 2)
        time.sleep(moment)
        submitters.permits.release(share - share // 2)  # so that the kill meets jobs that are being posted, too
        time.sleep(moment / 50)
        if number % 4 == 3:  # on a slow machine nothing may end between kills, and what is taken over too often is poison
            for job_id in list(submitters.accepted.values()):
                server.await_end(job_id)
        server.kill()
        submitters.up.clear()
        if number % 10 == 9:  # now and then it dies while it is starting, too
            server.launch()
            time.sleep(moment / 8)
            server.kill()
        server.start()
        submitters.up.set()


def check_restarts(troupe, server, receiver, kills):
    seed = int(os.environ.get("TROUPE_E2E_SEED") or secrets.randbits(32))
    print(f"seed: TROUPE_E2E_SEED={seed}")
    random_moments = random.Random(seed)
    moments = [random_moments.uniform(0.02, 0.6) for _ in range(kills)]

    server.start()
    server.apply(definition(receiver))
    submitters = Submitters(server, JOBS)
    submitters.up.set()
    kill_and_restart(server, submitters, moments)
    submitters.permits.release(JOBS + 4)
    for thread in submitters.threads:
        thread.join(60)
    submitters.go_on = False
    assert submitters.wrong == []
    assert sorted(submitters.accepted) == list(range(JOBS))
    assert len(set(submitters.accepted.values())) == JOBS

    recovered = 0
    for number, job_id in submitters.accepted.items():
        job = server.await_end(job_id, 60)
        assert job["status"] == "success", (number, job)
        assert job["outputs"] == {"doubled": number * 2, "said": number}
        trail = server.trail(job_id)
        assert [r["seq"] for r in trail] == list(range(1, len(trail) + 1))
        assert [r["action"] for r in trail if r["action"] in TERMINAL] == ["run.completed"], (number, trail)
        assert [r["action"] for r in trail if r["action"] == "job.accepted"] == ["job.accepted"]
        recovered += sum(r["action"] == "run.recovered" for r in trail)
    print(f"runs taken over: {recovered}, posts without an answer: {submitters.unanswered}")
    assert recovered >= kills / 10 and submitters.unanswered > 0, "the kills met no work: this run has shown nothing"
    assert count_jobs(server) == JOBS
    called = set(receiver.keys())
    assert {f"{job_id}/call/0" for job_id in submitters.accepted.values()} <= called
    assert server.stop() == 0

    verified = CommandLine(troupe)("audit", "verify", *server.store())
    assert verified.returncode == 0, verified.stdout + verified.stderr


def count_jobs(server):
    count, cursor = 0, ""
    while cursor is not None:
        page = server.http.get("/v1/jobs?limit=500" + (f"&cursor={cursor}" if cursor else "")).json
        count, cursor = count + len(page["items"]), page["next_cursor"]
    return count


def test_every_accepted_job_succeeds_once_though_the_server_is_killed_50_times(troupe, make_server, receiver):
    check_restarts(troupe, make_server(config=CONFIG), receiver, 50)


def test_every_accepted_job_succeeds_once_on_postgresql_too(troupe, make_server, receiver, postgres):
    check_restarts(troupe, make_server(config=CONFIG, database_url=postgres.fresh_database()), receiver, 15)


def test_restarts_within_a_long_step_are_no_poison(make_server, tmp_path):
    config = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]

[shutdown]
grace = "0s"
"""
    server = make_server(config=config).start()
    script = f"echo begun >> {tmp_path}/begun; until test -e {tmp_path}/go; do sleep 0.05; done"
    server.apply({"key": "long", "steps": [{"name": "render", "type": "exec", "timeout": "1h",
                                            "config": {"command": "sh", "args": [script]}}]})
    job = server.submit("long")

    def begun(times):
        file = tmp_path / "begun"
        return file.exists() and len(file.read_text().split()) >= times

    for restart in range(1, 9):  # more often than it may be taken over after a crash
        eventually(lambda: begun(restart), f"the step is at work, {restart}")
        assert server.stop() == 0
        server.start()
    eventually(lambda: begun(9), "the step is at work again")
    (tmp_path / "go").touch()
    ended = server.await_end(job)
    assert ended["status"] == "success", ended["error"]
    recovered = [record for record in server.trail(job) if record["action"] == "run.recovered"]
    assert len(recovered) == 8 and all(record["details"]["handed_back"] for record in recovered)
def test_what_a_command_has_started_ends_with_a_killed_server_and_the_job_goes_on(make_server, tmp_path):
    server, begun = make_server(config=CONFIG).start(), tmp_path / "begun"
    script = f"[ ! -e {begun} ] || exit 0; sleep 1000 & (sleep 1000; true) & touch {begun}; wait"
    server.apply({"key": "leaves", "steps": [{"name": "it", "type": "exec", "config": {"command": "sh", "args": [script]}}]})
    job_id = server.submit("leaves")
    eventually(begun.exists, "the command runs")
    eventually(lambda: len(left_of_commands(server)) == 4, "two shells and what they have started")
    children = children_of(server.pid)
    server.kill()
    eventually(lambda: not left_of_commands(server), "nothing of the command is left", 10)
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), "nor is its guard", 10)
    server.start()
    assert server.await_end(job_id)["status"] == "success"
