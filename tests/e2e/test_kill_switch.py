"""Kill switches: an operator stops work of one kind, gently or not; it stays stopped over a restart, until it is released."""

import json
import socket
import threading
import time

import pytest

from http_client import HttpClient, eventually
from troupe_server import ENDED, CommandLine

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""
QUICK = {"key": "quick", "steps": [{"name": "one", "type": "noop"}, {"name": "two", "type": "noop"}]}


@pytest.fixture
def server(make_server):
    return make_server(config=CONFIG).start()


class Clients:
    """Threads that submit jobs of one workflow without a pause, until they are stopped.

    accepted  ids, and when each was asked for
    refused   what the others were told: (when it was asked for, status, problem)
    """

    def __init__(self, server, workflow, count=4):
        self.accepted, self.refused = [], []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._submit, args=(server.url, workflow), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _submit(self, url, workflow):
        http = HttpClient(url)
        while not self._stopped.is_set():
            asked_at = time.monotonic()
            answer = http.post("/v1/jobs", {"workflow_key": workflow})
            if answer.status == 202:
                self.accepted.append((asked_at, answer.json["id"]))
            elif answer.status != 503:  # the machine may be loaded
                self.refused.append((asked_at, answer.status, answer.json))

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def engage(server, *arguments, reason="the bank is down"):
    """By the command line, as an operator does it; the id."""
    done = CommandLine(server.binary, server)("--json", "kill-switch", "engage", *arguments, "--reason", reason)
    assert done.returncode == 0, done
    return json.loads(done.stdout)["id"]


def release(server, switch_id):
    done = CommandLine(server.binary, server)("kill-switch", "release", switch_id)
    assert done.returncode == 0, done


def waiting_for(server, job_id):
    return server.http.get(f"/v1/jobs/{job_id}/status").json["waiting_for"]


def expect_whole(server):
    assert server.stop() == 0
    done = CommandLine(server.binary)("audit", "verify", *server.store())
    assert done.returncode == 0, done


def all_ended(server):
    return all(not server.http.get(f"/v1/jobs?status={status}").json["items"] for status in ("pending", "running"))


# --- under load ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["pause", "drain", "kill"])
def test_under_load_nothing_is_accepted_once_it_is_engaged_and_nothing_is_lost(server, mode):
    server.apply(QUICK)
    server.apply({**QUICK, "key": "other"})
    clients, others = Clients(server, "quick"), Clients(server, "other", count=1)
    eventually(lambda: len(clients.accepted) > 200, "jobs are accepted")
    switch = engage(server, "workflow", "quick", "--mode", mode)
    engaged_at, accepted_by_others = time.monotonic(), len(others.accepted)
    eventually(lambda: len(clients.refused) > 50, "jobs are refused")
    eventually(lambda: len(others.accepted) > accepted_by_others + 20, "other jobs are not")
    release_begun = time.monotonic()
    release(server, switch)
    released_at = time.monotonic()
    eventually(lambda: clients.accepted[-1][0] > released_at, "jobs are accepted again")
    clients.stop()
    others.stop()

    assert not [job for asked_at, job in clients.accepted if engaged_at < asked_at < release_begun]
    for _, status, problem in clients.refused:
        assert (status, problem["code"]) == (423, "kill_switch_engaged"), problem
        assert switch in problem["detail"] and "workflow quick" in problem["detail"] and "the bank is down" in problem["detail"]
    assert not others.refused
    eventually(lambda: all_ended(server), "every accepted job ends", 60)
    for asked_at, job_id in clients.accepted[:300] + others.accepted[-20:]:
        job = server.job(job_id)
        if mode == "kill" and job["status"] == "cancelled":
            assert job["error"]["code"] == "kill_switch_engaged" and "the bank is down" in job["error"]["message"]
        else:
            assert job["status"] == "success", job
    expect_whole(server)


# --- pause and drain -------------------------------------------------------------------------------------------------

def test_pause_holds_what_is_not_begun_and_lets_the_rest_end(server, tmp_path):
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    script = f"touch {begun}; while [ ! -e {go_on} ]; do sleep 0.05; done"
    server.apply({"key": "slow", "steps": [{"name": "work", "type": "exec", "config": {"command": "sh", "args": [script]}},
                                           {"name": "after", "type": "noop"}]})
    job_id = server.submit("slow", client_id="shop")
    eventually(begun.exists, "the command runs")
    switch = engage(server, "client", "shop", "--mode", "pause")
    go_on.touch()
    eventually(lambda: waiting_for(server, job_id) == "kill_switch", "its second step is held")
    job = server.job(job_id)
    assert [step["status"] for step in job["steps"]] == ["success", "pending"]
    assert job["steps"][1]["waiting_for"] == "kill_switch"
    server.run(server.apply(QUICK)["key"])  # of another client

    assert server.stop() == 0
    server.start()
    assert waiting_for(server, job_id) == "kill_switch"
    assert server.http.post("/v1/jobs", {"workflow_key": "slow", "client_id": "shop"}).status == 423
    listed, = server.http.get("/v1/kill-switches").json["items"]
    assert (listed["id"], listed["target"], listed["engaged_by"]) == (switch, "shop", "anonymous")
    release(server, switch)
    assert server.await_end(job_id)["status"] == "success"
    expect_whole(server)


def test_drain_lets_accepted_jobs_go_all_the_way(server):
    server.apply({"key": "steps", "steps": [{"name": f"s{n}", "type": "delay", "config": {"duration": "300ms"}} for n in range(3)]})
    job_id = server.submit("steps")
    answer = server.http.post("/v1/kill-switches", {"scope": "global", "mode": "drain", "reason": "moving house"})
    assert answer.status == 201 and answer.headers["Location"] == f"/v1/kill-switches/{answer.json['id']}"
    assert server.http.post("/v1/jobs", {"workflow_key": "steps"}).status == 423
    assert server.await_end(job_id)["status"] == "success"
    assert server.http("DELETE", answer.headers["Location"]).status == 200
    assert server.http("DELETE", answer.headers["Location"]).status == 404
    server.submit("steps")


def test_a_pool_holds_steps_and_refuses_no_job(server):
    server.apply(QUICK)
    switch = engage(server, "pool", "default", "--mode", "pause")
    job_id = server.submit("quick")
    eventually(lambda: waiting_for(server, job_id) == "kill_switch", "it is held")
    release(server, switch)
    assert server.await_end(job_id)["status"] == "success"


# --- kill ------------------------------------------------------------------------------------------------------------

class SilentHost:
    """Takes a request, never answers, and notices when the caller hangs up."""

    def __init__(self):
        self.asked, self.left = threading.Event(), threading.Event()
        self.left_at = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        peer, _ = self._socket.accept()
        with peer:
            peer.recv(65536)
            self.asked.set()
            try:
                while peer.recv(65536):
                    pass
            except OSError:
                pass
            self.left_at = time.time()
            self.left.set()


# A tree of processes of which some do not end when they are asked to.
TREE = """
sleep 1000 & echo $! >> {pids}
(trap '' TERM; sh -c 'trap "" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & wait) &
echo $$ >> {pids}
wait
"""


def running(pids):
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False
    return [pid for pid in pids if runs(pid)]


def test_kill_stops_all_kinds_of_work_and_nothing_starts_again(server, tmp_path):
    pids_file, silent = tmp_path / "pids", SilentHost()
    steps = {
        "tree": {"type": "exec", "config": {"command": "sh", "args": [TREE.format(pids=pids_file)]}},
        "call": {"type": "http", "config": {"url": silent.url, "timeout": "10m"}},
        "paint": {"type": "generate", "config": {"prompt": "a red fox", "count": 64, "width": 2048, "height": 2048}},
        "soon": {"type": "delay", "config": {"duration": "20s"}},
        "far": {"type": "delay", "config": {"duration": "1d"}},
    }
    for key, step in steps.items():
        server.apply({"key": key, "timeout": "7d", "defaults": {"timeout": "30m"}, "steps": [{"name": "it", **step}]})
    jobs = {key: server.submit(key, timeout_seconds=2 * 86400) for key in steps}
    eventually(lambda: pids_file.exists() and len(pids_file.read_text().split()) == 3, "the commands run")
    assert silent.asked.wait(20)
    server.await_step(jobs["paint"], "it", "running")
    pids = [int(pid) for pid in pids_file.read_text().split()]
    assert running(pids) == pids

    switch = engage(server, "global", "--mode", "kill", reason="everything must stop")
    for key, job_id in jobs.items():
        job = server.await_end(job_id, 20)
        assert (job["status"], job["error"]["code"]) == ("cancelled", "kill_switch_engaged"), (key, job["error"])
        assert switch in job["error"]["message"] and "everything must stop" in job["error"]["message"]
    eventually(lambda: not running(pids), "no process is left", 10)
    assert silent.left.wait(10), "the transfer was broken off"
    assert f'troupe_kill_switches{{mode="kill",scope="global"}} 1' in server.http.get("/metrics").body.decode()

    server.kill()  # not even after this
    server.start()
    for key in steps:
        assert server.http.post("/v1/jobs", {"workflow_key": key}).status == 423
    assert server.http.post(f"/v1/jobs/{jobs['soon']}/retry").status == 423
    assert all_ended(server) and not running(pids)
    release(server, switch)
    assert server.http.post(f"/v1/jobs/{jobs['soon']}/retry").status == 202
    assert server.http.post(f"/v1/jobs/{jobs['soon']}/cancel").status == 202
    records = server.http.get("/v1/audit?limit=500").json["items"]
    told = {record["action"]: record for record in records}
    for action in ("kill_switch.engaged", "kill_switch.released"):
        assert told[action]["details"] == {"kill_switch": switch, "scope": "global", "mode": "kill", "reason": "everything must stop"}
    expect_whole(server)


QUEUED = 3_000
IN_FORCE = 0.25


def seconds_until_in_force(server, folder):
    """From the answer to `kill` of everything, with thousands of steps in the queue: until the next job is refused, a
    command has its SIGTERM, and a call's peer sees it hang up. Negative: before the answer had come."""
    begun, stopped, silent = folder / "begun", folder / "stopped", SilentHost()
    script = f"trap 'date +%s.%N > {stopped}; exit' TERM; touch {begun}; sleep 1000 & wait"
    steps = {"command": {"type": "exec", "config": {"command": "sh", "args": [script]}},
             "call": {"type": "http", "config": {"url": silent.url, "timeout": "10m"}}}
    for key, step in steps.items():
        server.apply({"key": key, "defaults": {"timeout": "30m"}, "steps": [{"name": "it", **step}]})
    jobs = [server.submit(key) for key in steps]
    eventually(begun.exists, "the command runs")
    assert silent.asked.wait(20)
    lines = b'{"workflow_key":"beside"}\n' * QUEUED
    taken = server.http.post("/v1/jobs/batch", body=lines, headers={"Content-Type": "application/x-ndjson"}, timeout=120)
    assert taken.body.count(b'"status":202') == QUEUED

    answer = server.http.post("/v1/kill-switches", {"scope": "global", "mode": "kill", "reason": "everything must stop"})
    answered_at = time.time()
    refused = server.http.post("/v1/jobs", {"workflow_key": "beside"})
    refused_at = time.time()
    assert (answer.status, refused.status) == (201, 423)
    assert silent.left.wait(20)
    eventually(lambda: stopped.exists() and stopped.read_text().endswith("\n"), "the command was asked to end")
    took = {"the next job refused": refused_at, "SIGTERM": float(stopped.read_text()), "the call broken off": silent.left_at}
    for job_id in jobs:
        assert server.await_end(job_id)["error"]["code"] == "kill_switch_engaged"
    eventually(lambda: all_ended(server), "what waited has ended too", 60)
    assert server.http("DELETE", answer.headers["Location"]).status == 200
    return {what: at - answered_at for what, at in took.items()}


def test_kill_is_in_force_within_a_quarter_of_a_second(server, tmp_path):
    server.apply({"key": "beside", "steps": [{"name": "it", "type": "exec", "timeout": "30m",
                                              "config": {"command": "sh", "args": ["sleep 1000"]}}]})
    rounds = []
    for number in range(5):  # on a loaded machine one may be late
        folder = tmp_path / str(number)
        folder.mkdir()
        rounds.append(seconds_until_in_force(server, folder))
        print("after the answer, ms:", {what: round(1000 * took) for what, took in rounds[-1].items()})
        if max(rounds[-1].values()) <= IN_FORCE:
            break
    assert max(rounds[-1].values()) <= IN_FORCE, rounds
    expect_whole(server)


def test_what_is_open_when_the_server_dies_is_killed_by_the_next_one(server):
    server.apply({"key": "far", "timeout": "7d", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1d"}}]})
    jobs = [server.submit("far", timeout_seconds=2 * 86400) for _ in range(300)]
    engage(server, "workflow", "far", "--mode", "kill")
    server.kill()
    server.start()
    for job_id in jobs:
        job = server.await_end(job_id)
        assert (job["status"], job["error"]["code"]) == ("cancelled", "kill_switch_engaged")
    expect_whole(server)


# --- the commands ----------------------------------------------------------------------------------------------------

def test_operators_see_what_is_engaged_and_what_is_wrong(server, troupe):
    cli = CommandLine(troupe, server)
    server.apply(QUICK)
    first = engage(server, "workflow", "quick", "--mode", "pause")
    engage(server, "global", "--mode", "drain", reason="moving house")
    listed = cli("kill-switch", "list").stdout.splitlines()
    assert len(listed) == 3 and "moving house" in listed[1] and first in listed[2], listed
    again = cli("kill-switch", "engage", "workflow", "quick", "--mode", "pause", "--reason", "again")
    assert again.returncode == 6 and first in again.stderr
    unknown = cli("kill-switch", "engage", "workflow", "quikc", "--mode", "pause", "--reason", "why")
    assert unknown.returncode == 1 and "/target" in unknown.stderr
    assert cli("kill-switch", "release", "019aa3f2-7000-7000-8a2f-3b1f64aa9001").returncode == 5
    assert {job["status"] for job in server.http.get("/v1/jobs").json["items"]} <= set(ENDED)
