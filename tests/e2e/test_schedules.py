"""Schedules on the real binary, whose clock is told what time it is (shifted_clock.cpp): it begins where the test says, and
runs on from there as any clock does.
"""

import json
import math
import os
import time
from datetime import datetime, timezone

import pytest

from http_client import eventually
from troupe_server import CommandLine

DEFINITION = {"key": "report", "steps": [{"name": "say", "type": "transform", "config": {"value": "${ .metadata.scheduled_at }"}}],
              "outputs": {"time": "${ .steps.say.value }"}}


def at(server, begin):
    """From its next start on the server's clock begins at this time (UTC) or within the second after it."""
    clock = os.environ.get("TROUPE_E2E_CLOCK") or server.binary.parent.parent / "tests/e2e/libe2e_clock.so"
    ahead = datetime.fromisoformat(begin).replace(tzinfo=timezone.utc).timestamp() - time.time()
    server.env = {"LD_PRELOAD": str(clock), "CLOCK_AHEAD": str(math.ceil(ahead))}
    return server


@pytest.fixture
def server(make_server):
    server = at(make_server(), "2027-03-27 12:00:00").start()
    server.apply(DEFINITION)
    return server


def put(server, **fields):
    answer = server.http("PUT", "/v1/schedules/s", json={"workflow_key": "report", **fields})
    assert answer.status in (200, 201), answer
    return answer.json


def schedule(server):
    return server.http.get("/v1/schedules/s").json


def jobs(server):
    """The jobs, oldest first, once they have ended."""
    items = server.http.get("/v1/jobs").json["items"]
    return [server.await_end(item["id"]) for item in reversed(items)]


def times(server):
    return [job["metadata"]["scheduled_at"] for job in jobs(server)]


def restart_at(server, begin):
    assert server.stop() == 0
    at(server, begin).start()


def test_a_job_is_begun_at_its_time_by_the_clock_of_its_zone(server):
    shown = put(server, cron="30 2 * * *", time_zone="Europe/Berlin")
    assert shown["next_times"][:2] == ["2027-03-28T01:00:00.000Z", "2027-03-29T00:30:00.000Z"]  # 2:30 is in the gap
    restart_at(server, "2027-03-28 00:59:50")  # time enough to start
    eventually(lambda: schedule(server)["last_at"], "the schedule begins a job")
    (job,) = jobs(server)
    assert job["metadata"] == {"schedule_id": "s", "scheduled_at": "2027-03-28T01:00:00.000Z"}
    assert job["outputs"] == {"time": "2027-03-28T01:00:00.000Z"}
    assert job["created_at"] >= "2027-03-28T01:00:00.000Z"
    shown = schedule(server)
    assert (shown["next_at"], shown["last_job_id"], shown["last_error"]) == ("2027-03-29T00:30:00.000Z", job["id"], None)
    assert server.trail(job["id"])[0]["actor"] == "schedule s"


@pytest.mark.parametrize("policy, expected", [
    ("skip", []),
    ("once", ["2027-03-27T12:30:00.000Z"]),
    ("all", ["2027-03-27T12:10:00.000Z", "2027-03-27T12:20:00.000Z", "2027-03-27T12:30:00.000Z"])])
def test_what_was_missed_while_the_server_was_down_is_done_by_the_policy(server, policy, expected):
    put(server, cron="*/10 * * * *", missed_run_policy=policy)
    server.kill()
    at(server, "2027-03-27 12:35:00").start()
    eventually(lambda: schedule(server)["next_at"] == "2027-03-27T12:40:00.000Z", "what was missed is settled", 20)
    assert times(server) == expected
    server.kill()  # and not once more
    at(server, "2027-03-27 12:36:00").start()
    assert times(server) == expected
    skipped = server.http.get("/v1/audit?action=schedule.skipped").json["items"]
    assert [record["details"]["reason"] for record in skipped] == ([] if policy == "all" else ["missed"])
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_a_refused_run_is_shown_and_the_next_one_goes_on(server):
    put(server, cron="* * * * *")
    assert server.http.post("/v1/workflows/report/disable").status == 200
    restart_at(server, "2027-03-27 12:10:50")
    error = eventually(lambda: schedule(server)["last_error"], "the refusal is shown", 90)
    assert error["code"] == "workflow_disabled"
    skipped = server.http.get("/v1/audit?action=schedule.skipped&limit=1").json["items"][0]["details"]
    assert (skipped["reason"], skipped["error"]["code"]) == ("refused", "workflow_disabled")
    assert jobs(server) == []
    assert server.http.post("/v1/workflows/report/enable").status == 200
    restart_at(server, "2027-03-27 12:20:50")
    eventually(lambda: jobs(server), "the next one is begun", 90)
    assert schedule(server)["last_error"] is None


def test_the_command_line_makes_changes_triggers_and_removes_a_schedule(troupe, server):
    cli = CommandLine(troupe, server)

    def said(*args, code=0):
        done = cli("schedule", *args)
        assert done.returncode == code, done
        return done.stdout

    create = ["create", "report", "--id", "nightly", "--cron", "30 2 * * MON-FRI", "--time-zone", "Europe/Berlin"]
    assert "30 2 * * MON-FRI  Europe/Berlin" in said(*create)
    assert "nightly" in said(*create)  # once more changes nothing
    said(*create[:-1], "UTC", code=6)
    assert "UTC" in said(*create[:-1], "UTC", "--replace")
    assert "nightly   report" in said("list")
    said("disable", "nightly")
    job = json.loads(said("trigger", "nightly", "--json"))
    assert server.await_end(job["id"])["status"] == "success"
    assert "disabled" in said("get", "nightly")
    said("enable", "nightly")
    said("delete", "nightly")
    said("get", "nightly", code=5)
    assert "minute, character 1" in cli("schedule", "create", "report", "--cron", "99 * * * *").stderr
    actions = [record["action"] for record in server.http.get("/v1/audit").json["items"] if record["action"].startswith("schedule.")]
    assert actions == ["schedule.deleted", "schedule.changed", "schedule.changed", "schedule.changed", "schedule.created"]


def test_without_a_time_zone_database_the_error_names_the_package(make_server, tmp_path):
    server = make_server(env={"TZDIR": str(tmp_path / "none")}).start()
    server.apply(DEFINITION)
    answer = server.http("PUT", "/v1/schedules/s", json={"workflow_key": "report", "cron": "@daily", "time_zone": "Europe/Berlin"})
    assert answer.status == 422
    assert [fault["pointer"] for fault in answer.json["errors"]] == ["/time_zone"]
    assert "tzdata" in answer.json["errors"][0]["message"]
    put(server, cron="@daily")
