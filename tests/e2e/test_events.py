"""Server-Sent Events: in order, without a gap after Last-Event-ID, one terminal event (CONTRACTS §2)."""

import http.client
import json
import signal
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import pytest

from http_client import eventually
from troupe_server import ENDED, CommandLine

Event = namedtuple("Event", "id kind data")
CHAIN = {"key": "chain", "steps": [
    {"name": "a", "type": "delay", "config": {"duration": "300ms"}},
    {"name": "b", "type": "transform", "config": {"value": 1}},
    {"name": "c", "type": "delay", "config": {"duration": "300ms"}},
    {"name": "d", "type": "noop"}]}


@pytest.fixture
def server(make_server):
    server = make_server().start()
    server.apply(CHAIN)
    return server


class EventStream:
    """Reads events one by one; iteration ends when the server ends the stream."""

    def __init__(self, server, path, last_id=None, timeout=30):
        self.connection = http.client.HTTPConnection(server.http.host, server.http.port, timeout=timeout)
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, (self.response.status, self.response.read())
        assert self.response.headers["Content-Type"].startswith("text/event-stream")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def __iter__(self):
        fields = {}
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line == "" and "data" in fields:
                yield Event(fields.get("id"), fields.get("event", "message"), json.loads(fields["data"]))
                fields = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = fields[name] + "\n" + value if name == "data" and "data" in fields else value


def events_of(server, job_id, last_id=None):
    with EventStream(server, f"/v1/jobs/{job_id}/events", last_id) as stream:
        return list(stream)


def durable(events):
    return [event for event in events if event.id is not None]


def terminal(events):
    """Those that say the run has ended; `step_status` is another matter."""
    return [event for event in events if event.kind == "status" and event.data["status"] in ENDED]


def check_whole(events, first=1):
    """Durable events without a gap or a repetition, the last of them and no other terminal."""
    ids = [int(event.id) for event in durable(events)]
    assert ids == list(range(first, first + len(ids))), ids
    assert len(terminal(events)) == 1 and terminal(events)[0] is events[-1], events


def test_a_stream_from_the_start_shows_everything_and_ends(server):
    job_id = server.submit("chain")
    events = events_of(server, job_id, 0)
    check_whole(events)
    assert [e.data["step"] for e in durable(events) if e.data.get("step_status") == "success"] == ["a", "b", "c", "d"]
    assert [e.data["action"] for e in durable(events)] == [r["action"] for r in server.trail(job_id)]


def test_events_arrive_while_the_job_runs(server):
    job_id = server.submit("chain")
    with EventStream(server, f"/v1/jobs/{job_id}/events") as stream:
        first = next(iter(stream))
        assert first.data["status"] in ("pending", "running")
        assert server.job(job_id)["status"] == "running"
        rest = list(stream)
    assert len(terminal([first, *rest])) == 1


@pytest.mark.parametrize("seen", range(0, 5))
def test_a_reader_that_comes_back_gets_the_rest_without_a_gap(server, seen):
    job_id = server.submit("chain")
    whole = events_of(server, job_id, 0)
    check_whole(events_of(server, job_id, seen), first=seen + 1)
    assert [e.data for e in durable(events_of(server, job_id, seen))] == [e.data for e in durable(whole)][seen:]


def test_a_reader_that_leaves_after_every_event_misses_nothing(server):
    job_id = server.submit("chain")
    seen, last = [], 0
    while not terminal(seen):
        with EventStream(server, f"/v1/jobs/{job_id}/events", last) as stream:
            event = next(event for event in stream if event.id is not None and int(event.id) > last)
        seen.append(event)
        last = int(event.id)
    check_whole(seen)


def test_who_has_seen_the_end_is_told_to_stop(server):
    job_id = server.run("chain")["id"]
    last = durable(events_of(server, job_id, 0))[-1].id
    answer = server.http.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": last})
    assert (answer.status, answer.body) == (204, b"")


def test_many_readers_see_the_same(server):
    job_id = server.submit("chain")
    with ThreadPoolExecutor(20) as pool:
        streams = list(pool.map(lambda _: events_of(server, job_id, 0), range(20)))
    for events in streams:
        check_whole(events)
        assert [e.data for e in durable(events)] == [e.data for e in durable(streams[0])]


def test_a_restart_in_the_middle_makes_no_gap(server):
    server.apply({"key": "long", "steps": [{"name": f"s{n}", "type": "delay", "config": {"duration": "400ms"}} for n in range(6)]})
    job_id = server.submit("long")
    seen = []
    with EventStream(server, f"/v1/jobs/{job_id}/events", 0) as stream:
        for event in stream:
            seen += durable([event])
            if len(seen) == 3:
                break
        server.kill()
    server.start()
    check_whole(seen + events_of(server, job_id, seen[-1].id))


def test_job_watch_survives_a_restart(server, troupe):
    server.apply({"key": "long", "steps": [{"name": f"s{n}", "type": "delay", "config": {"duration": "500ms"}} for n in range(6)]})
    job_id = server.submit("long")
    port = server.http.port
    with ThreadPoolExecutor() as pool:
        watching = pool.submit(CommandLine(troupe, server), "--json", "job", "watch", job_id)
        eventually(lambda: any(r["action"] == "step.completed" for r in server.trail(job_id)), "the job moves")
        server.kill()
        server.listen = f"127.0.0.1:{port}"
        server.start()
        done = watching.result()
    assert done.returncode == 0, done
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["data"]["status"] for e in events].count("success") == 1
    assert {e["data"].get("step") for e in events if e["data"].get("step_status") == "success"} >= {f"s{n}" for n in range(1, 6)}


def test_progress_previews_and_assets_are_shown(server):
    server.apply({"key": "draw", "steps": [{"name": "draw", "type": "generate", "config": {"prompt": "a hill", "count": 2, "width": 512, "height": 512}}]})
    job_id = server.submit("draw")
    events = events_of(server, job_id, 0)
    kinds = {event.kind for event in events}
    assert {"status", "progress", "asset"} <= kinds, kinds
    made = [event.data for event in events if event.kind == "asset"]
    assert len(made) == 2
    progress = [event.data["progress"] for event in events if event.kind == "progress" and event.data.get("progress") is not None]
    assert all(0 <= value <= 1 for value in progress)


def test_a_commands_lines_are_shown_as_log(make_server):
    server = make_server(config='[exec.commands.sh]\nprogram = "/bin/sh"\nargs = ["-c"]\n').start()
    server.apply({"key": "talk", "steps": [{"name": "it", "type": "exec", "config": {"command": "sh", "args": [
        "sleep 0.5; echo spoken; echo 'troupe:progress 0.42 rendering' >&2; sleep 0.3"]}}]})
    events = events_of(server, server.submit("talk"), 0)
    assert any(event.kind == "log" and "spoken" in json.dumps(event.data) for event in events), events
    assert any(event.kind == "progress" and event.data.get("progress") == 0.42 for event in events), events


def test_a_retry_goes_on_in_the_same_stream(server):
    server.apply({"key": "fails", "steps": [{"name": "it", "type": "transform", "config": {"value": "${ error(\"no\") }"}, "retry": {"max_attempts": 1}}]})
    job_id = server.run("fails")["id"]
    last = durable(events_of(server, job_id, 0))[-1].id
    assert server.http.post(f"/v1/jobs/{job_id}/retry", {}).status == 202
    assert server.await_end(job_id)["status"] == "failed"
    eventually(lambda: len(server.job(job_id)["runs"]) == 2, "the second run is shown")
    again = events_of(server, job_id, last)
    check_whole(again, first=int(last) + 1)
    assert again[-1].data["run_id"] != job_id, "of the new run"


def test_decisions_of_reviewers_are_told_and_told_again_to_who_comes_back(server):
    server.apply({"key": "reviewed", "steps": [
        {"name": "draw", "type": "generate", "config": {"prompt": "a fox", "count": 2, "width": 64, "height": 64}},
        {"name": "review", "type": "approval", "config": {"assets": "${ .steps.draw.assets }", "min_approved": 2}}]})
    job_id = server.submit("reviewed")
    eventually(lambda: server.job(job_id)["waiting_for"] == "approval", "people are waited for")
    images = [image["id"] for image in server.job(job_id)["assets"]]
    with EventStream(server, f"/v1/jobs/{job_id}/events") as stream:
        for image in images:
            answer = server.http.post(f"/v1/runs/{server.job(job_id)['execution_id']}/images/{image}/approve", {"reviewer": "ada"})
            assert answer.status == 200, answer.text
        told = [event for event in stream if event.kind == "approval"]
    assert [(e.data["asset"], e.data["reviewer"], e.data["decision"], e.data["steps"]) for e in told] == [
        (image, "ada", "approved", ["review"]) for image in images]
    again = events_of(server, job_id, int(told[0].id) - 1)
    check_whole(again, int(told[0].id))
    assert [event for event in again if event.kind == "approval"] == told


def test_all_jobs_are_seen_in_one_stream(server):
    with EventStream(server, "/v1/events?workflow_key=chain") as stream:
        jobs = [server.submit("chain") for _ in range(5)]
        ended = []
        for event in stream:
            if terminal([event]):
                ended.append(event.data["job_id"])
            if len(ended) == 5:
                break
    assert sorted(ended) == sorted(jobs)


def test_a_stopping_server_ends_its_streams(server):
    server.apply({"key": "wait", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1h"}}]})
    job_id = server.submit("wait", timeout_seconds=7200)
    with EventStream(server, f"/v1/jobs/{job_id}/events", 0) as stream:
        seen = iter(stream)
        next(seen)
        server.signal(signal.SIGTERM)
        assert not terminal(list(seen)), "the job goes on, only the stream ends"
    assert server.wait() == 0
