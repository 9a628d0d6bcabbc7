"""Starting and stopping: work ends or is handed back, nothing is left running, and what prevents a start is told."""

import os
import signal
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from http_client import eventually

CONFIG = """
[shutdown]
grace = "3s"

[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""


@pytest.fixture
def server(make_server):
    return make_server(config=CONFIG).start()


def exec_step(script, name="it"):
    return {"name": name, "type": "exec", "config": {"command": "sh", "args": [script]}}


def test_an_idle_server_stops_at_once_with_exit_code_0(server):
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 3, "it waited for nothing"


def test_interrupt_stops_it_like_terminate(server):
    server.signal(signal.SIGINT)
    assert server.wait() == 0


def test_running_work_that_ends_within_the_grace_ends(server):
    server.apply({"key": "short", "steps": [exec_step("sleep 1; echo '{\"fine\": true}'")]})
    job_id = server.submit("short")
    server.await_step(job_id, "it", "running")
    assert server.stop() == 0
    server.start()
    job = server.await_end(job_id)
    assert job["status"] == "success" and len(job["steps"][0]["attempts"]) == 1, job["steps"]
    assert job["runs"][0]["recoveries"] <= 1


def test_work_that_outlasts_the_grace_is_handed_back_and_resumes(server, tmp_path):
    starts = tmp_path / "starts"
    script = f"echo $$ >> {starts}; [ $(wc -l < {starts}) -gt 1 ] || sleep 300"
    server.apply({"key": "long", "steps": [exec_step(script), {"name": "after", "type": "noop"}]})
    job_id = server.submit("long", timeout_seconds=600)
    eventually(starts.exists, "the command runs")
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 15
    pid = int(starts.read_text().split()[0])
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), "nothing is left running")
    server.start()
    job = server.await_end(job_id)
    assert job["status"] == "success", job
    assert [r["action"] for r in server.trail(job_id)].count("run.completed") == 1
    assert len(starts.read_text().split()) == 2


def test_while_it_stops_nothing_new_is_accepted(server):
    server.apply({"key": "short", "steps": [exec_step("sleep 2")]})
    job_id = server.submit("short")
    server.await_step(job_id, "it", "running")
    with server.http.raw() as waiting:
        server.signal(signal.SIGTERM)
        refused = eventually(lambda: try_to_submit(server), "new jobs are refused", 5)
        assert refused in ("closed", 503)
        waiting.read_to_end()
    assert server.wait() == 0


def try_to_submit(server):
    try:
        status = server.http.post("/v1/jobs", {"workflow_key": "short"}, timeout=5).status
    except OSError:
        return "closed"
    return status if status == 503 else None


def test_a_request_under_way_is_answered(server):
    server.apply({"key": "short", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1s"}}]})
    with ThreadPoolExecutor() as pool:
        held = pool.submit(server.http.post, "/v1/jobs", {"workflow_key": "short"}, headers={"Prefer": "wait=20"})
        eventually(lambda: server.http.get("/v1/jobs").json["items"], "the job is accepted")
        assert server.stop() == 0
        assert held.result().status in (200, 202), held.result()


def test_event_streams_end_properly(server):
    server.apply({"key": "wait", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1h"}}]})
    job_id = server.submit("wait", timeout_seconds=7200)
    with server.http.raw() as stream:
        stream.send(f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        stream.read_until(b"event:")
        assert server.stop() == 0
        assert stream.read_to_end().endswith(b"0\r\n\r\n"), "the last chunk"


def test_a_second_signal_ends_it_at_once(server):
    server.apply({"key": "long", "steps": [exec_step("echo $$; sleep 300")]})
    server.await_step(server.submit("long"), "it", "running")
    children = eventually(lambda: children_of(server.pid), "the command runs")
    server.signal(signal.SIGTERM)
    time.sleep(0.3)  # the first is being obeyed
    assert server.process.poll() is None
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    server.wait(10)
    assert time.monotonic() - begun < 2
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), "nothing is left running")


def children_of(pid):
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and parent_of(entry) == pid]


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


def test_a_parked_job_does_not_hold_the_stop_up_and_is_due_after_it(server):
    server.apply({"key": "nap", "steps": [{"name": "it", "type": "delay", "config": {"duration": "2s"}}]})
    job_id = server.submit("nap")
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 2.5
    server.start()
    assert server.await_end(job_id)["status"] == "success"


# --- what prevents a start -------------------------------------------------------------------------------------------

def expect_no_start(server, *said):
    server.launch()
    code = server.wait(20)
    assert code != 0 and server.out_file.read_text() == "", (code, server.log())
    for word in said:
        assert word.lower() in server.log().lower(), server.log()


def test_a_port_in_use_is_told(make_server):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        expect_no_start(make_server(listen=f"127.0.0.1:{port}"), f"127.0.0.1:{port}", "in use")


def test_the_port_of_another_server_is_in_use(make_server):
    first = make_server().start()
    expect_no_start(make_server(listen=f"127.0.0.1:{first.http.port}"), "in use")
    assert first.http.get("/healthz").status == 200


def test_a_port_is_free_again_at_once_after_a_stop(server, make_server):
    port = server.http.port
    with server.http.raw():
        assert server.stop() == 0
        make_server(listen=f"127.0.0.1:{port}").start()


def test_a_data_directory_that_cannot_be_made_is_told(make_server, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file")
    expect_no_start(make_server(data_dir=in_the_way / "data"), str(in_the_way))


def test_a_data_directory_that_cannot_be_written_is_told(make_server):
    expect_no_start(make_server(data_dir="/proc/troupe"), "/proc/troupe")


def test_a_data_directory_in_use_is_refused(make_server):
    first = make_server().start()
    expect_no_start(make_server(data_dir=first.data_dir), "use")
    assert first.http.get("/readyz").status == 200


def test_a_newer_database_is_refused_and_left_alone(server):
    assert server.stop() == 0
    database = sqlite3.connect(server.data_dir / "troupe.db")
    with database:
        database.execute("UPDATE meta SET schema_version = schema_version + 1")
    before = list(database.iterdump())
    expect_no_start(server, "newer")
    assert list(database.iterdump()) == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(make_server):
    server = make_server()
    server.data_dir.mkdir()
    file = server.data_dir / "troupe.db"
    file.write_bytes(b"These are somebody's notes, not a database.\n" * 100)
    before = file.read_bytes()
    expect_no_start(server, "troupe.db")
    assert file.read_bytes() == before


def test_a_broken_workflow_folder_is_told_with_file_and_place(make_server, tmp_path):
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "good.yaml").write_text("key: good\nsteps: [{name: a, type: noop}]\n")
    (folder / "bad.yaml").write_text("key: bad\nsteps: [{name: a, type: nop}]\n")
    expect_no_start(make_server(args=["--workflows", folder]), "bad.yaml", "/steps/0/type")
