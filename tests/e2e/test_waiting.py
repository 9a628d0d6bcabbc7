"""People and limits, on the real binary: signals, approvals, time-outs of each kind and when they fire, what is undone."""

import time
from datetime import datetime

import pytest

from http_client import eventually

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]

[worker]
slots = 1
"""

LATE = 0.25  # seconds: how late a time-out may fire


@pytest.fixture
def server(make_server):
    return make_server(config=CONFIG).start()


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def seconds_between(trail, first, last):
    at = {record["action"]: moment(record["at"]) for record in trail}
    return at[last] - at[first]


def waiting(server, job, what):
    eventually(lambda: server.http.get(f"/v1/jobs/{job}/status").json["waiting_for"] == what, f"waits for {what}")
    return server.job(job)


# --- people ------------------------------------------------------------------------------------------------------------

REVIEWED = {
    "key": "reviewed",
    "steps": [
        {"name": "draw", "type": "generate", "config": {"prompt": "a fox", "count": 4, "width": 64, "height": 64}},
        {"name": "review", "type": "approval", "timeout": "7d",
         "config": {"assets": "${ .steps.draw.assets }", "min_approved": 1}},
        {"name": "paid", "type": "signal", "config": {"name": "paid"}},
    ],
    "outputs": {"urls": "${ [.steps.review.approved[].url] }", "amount": "${ .steps.paid.payload.amount }"},
}


def test_a_poster_is_reviewed_and_paid_for_over_kills(server):
    server.apply(REVIEWED)
    job = server.submit("reviewed")
    images = waiting(server, job, "approval")["assets"]
    assert [image["status"] for image in images] == ["pending"] * 4
    server.kill()
    server.start()
    run = waiting(server, job, "approval")["execution_id"]
    chosen = [images[1]["id"], images[3]["id"]]
    decided = server.http.post(f"/v1/runs/{run}/review", {"reviewer": "ada", "approve": chosen, "reject": [images[0]["id"]]})
    assert decided.status == 200, decided.text
    assert [review["decision"] for review in decided.json["reviews"]] == ["approved", "approved", "rejected"]
    server.kill()  # what was answered is durable
    server.start()
    waiting(server, job, "signal")
    again = server.http.post(f"/v1/runs/{run}/images/{images[0]['id']}/approve", {"reviewer": "ada"})
    assert (again.status, again.json["code"]) == (409, "already_reviewed")
    assert server.http.post(f"/v1/runs/{run}/signals/paid", {"payload": {"amount": 12}}).status == 202
    done = server.await_end(job)
    assert done["status"] == "success", done
    assert done["outputs"] == {"urls": [images[1]["url"], images[3]["url"]], "amount": 12}
    shown = {image["id"]: image["status"] for image in server.http.get(f"/v1/runs/{run}").json["images"]}
    assert [shown[image["id"]] for image in images] == ["rejected", "approved", "pending", "approved"]
    late = server.http.post(f"/v1/runs/{run}/images/{images[2]['id']}/reject", {"reviewer": "grace", "notes": "late"})
    assert late.status == 200 and server.http.get(f"/v1/assets/{images[2]['id']}").json["status"] == "rejected"
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_what_was_decided_before_the_approval_began_counts_over_a_kill(server):
    draw, review, paid = REVIEWED["steps"]
    review = {**review, "needs": ["draw", "paid"], "config": {**review["config"], "min_approvers": 2}}
    server.apply({**REVIEWED, "key": "decided-early", "steps": [draw, {**paid, "needs": ["draw"]}, review]})
    job = server.submit("decided-early")
    opened = waiting(server, job, "signal")
    run, images = opened["execution_id"], [image["id"] for image in opened["assets"]]
    for reviewer, approve, reject in [("ada", images[:2], images[2:]), ("grace", images[:1], [])]:
        body = {"reviewer": reviewer, "approve": approve, "reject": reject}
        assert server.http.post(f"/v1/runs/{run}/review", body).status == 200
    server.kill()
    server.start()
    waiting(server, job, "signal")
    assert server.http.post(f"/v1/runs/{run}/signals/paid", {"payload": {"amount": 12}}).status == 202
    done = server.await_end(job)
    assert done["outputs"] == {"urls": [opened["assets"][0]["url"]], "amount": 12}, done
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_what_people_take_is_not_the_runs_time(server):
    server.apply({"key": "slow-people", "steps": [{"name": "wait", "type": "signal", "config": {"name": "go"}}]})
    job = server.submit("slow-people", timeout_seconds=1)
    waiting(server, job, "signal")
    time.sleep(1.5)  # the time-out that does not come
    run = server.job(job)["execution_id"]
    assert server.http.post(f"/v1/runs/{run}/signals/go", {}).status == 202
    assert server.await_end(job)["status"] == "success"


def test_a_misspelt_signal_is_refused_with_the_names_that_are_waited_for(server):
    server.apply(REVIEWED)
    job = server.submit("reviewed")
    run = waiting(server, job, "approval")["execution_id"]
    refused = server.http.post(f"/v1/runs/{run}/signals/payed", {"payload": {"amount": 12}})
    assert (refused.status, refused.json["code"]) == (409, "no_signal_expected")
    assert '"paid"' in refused.json["detail"], refused.json
    assert server.http.post(f"/v1/runs/{run}/signals/paid", {"payload": {"amount": 12}}).status == 202  # kept
    server.http.post(f"/v1/jobs/{job}/cancel", {})
    server.await_end(job)
    late = server.http.post(f"/v1/runs/{run}/signals/payed", {})
    assert (late.status, late.json["code"]) == (409, "job_finished")


# --- time-outs fire on time --------------------------------------------------------------------------------------------

LIMITS = [
    ("attempt", {"timeout": "1s"}, "sleep 30", "step_timeout"),
    ("total", {"total_timeout": "1s"}, "sleep 30", "step_timeout"),
    ("heartbeat", {"heartbeat": "1s"}, "sleep 30", "heartbeat_timeout"),
]


@pytest.mark.parametrize("name, limit, script, code", LIMITS, ids=[limit[0] for limit in LIMITS])
def test_a_limit_of_a_step_fires_on_time(server, name, limit, script, code):
    server.apply({"key": name, "steps": [{"name": "it", "type": "exec", "retry": {"max_attempts": 1},
                                         "config": {"command": "sh", "args": [script]}, **limit}]})
    job = server.run(name)
    assert (job["status"], job["error"]["code"]) == ("failed", code), job["error"]
    took = seconds_between(server.trail(job["id"]), "step.started", "run.stopping")
    assert 1.0 <= took + 0.02 and took <= 1.0 + LATE, took


def test_no_attempt_begins_before_the_one_before_has_stopped(make_server, tmp_path):
    server = make_server(config=CONFIG.replace("slots = 1", "slots = 4")).start()  # a slot is no obstacle
    beats, undone = tmp_path / "beats", tmp_path / "undone"
    script = f"trap '' TERM; while :; do echo $0 >> {beats}; sleep 0.05; done"  # until it is killed
    server.apply({"key": "stubborn", "steps": [
        {"name": "book", "type": "noop",
         "compensate": {"type": "exec", "config": {"command": "sh", "args": [f"cp {beats} {undone}"]}}},
        {"name": "it", "type": "exec", "timeout": "1s", "retry": {"max_attempts": 2, "initial": "10ms"},
         "config": {"command": "sh", "args": [script, "${ .attempt }"]}}]})
    job = server.await_end(server.submit("stubborn"))
    assert (job["status"], job["error"]["code"]) == ("failed", "step_timeout")
    attempts = beats.read_text().split()
    assert attempts == sorted(attempts) and set(attempts) == {"1", "2"}
    assert undone.read_text().split() == attempts, "both had stopped"


def test_the_log_of_an_attempt_whose_time_was_over_is_kept(server):
    script = "trap 'echo stopped; exit 1' TERM; echo begun; while :; do sleep 0.05; done"
    step = {"name": "it", "type": "exec", "retry": {"max_attempts": 1}, "config": {"command": "sh", "args": [script]}}
    server.apply({"key": "slow", "steps": [{**step, "timeout": "1s"}]})
    server.apply({"key": "long", "steps": [{**step, "timeout": "1h"}]})

    def log(job):
        return server.http.get(f"/v1/runs/{job}/logs").body.decode()

    def attempt(job):
        (one,) = server.job(job)["steps"][0]["attempts"]
        assert one["worker"], one
        assert 0.9 < moment(one["completed_at"]) - moment(one["started_at"]) < 4, one
        return one

    slow = server.submit("slow")
    assert server.await_end(slow)["error"]["code"] == "step_timeout"
    eventually(lambda: "stopped" in log(slow), "what it wrote when it was stopped is there")
    assert "begun" in log(slow)
    assert (attempt(slow)["status"], attempt(slow)["error"]["code"]) == ("failed", "step_timeout")

    long = server.submit("long")
    eventually(lambda: server.http.get(f"/v1/jobs/{long}/status").json["status"] == "running", "it runs")
    time.sleep(1)  # so that its times can be told apart
    server.http.post(f"/v1/jobs/{long}/cancel", {})
    ended = server.await_end(long)
    assert ended["status"] == "cancelled"
    assert attempt(long)["status"] == "cancelled" and attempt(long)["log_bytes"] > 0
    assert "begun" in log(long) and "stopped" in log(long)
    assert moment(ended["completed_at"]) - moment(ended["started_at"]) > 0.9


def test_a_heartbeat_lets_live_what_gives_signs_of_life(server):
    script = "for i in 1 2 3 4 5; do echo $i; sleep 0.5; done"
    server.apply({"key": "alive", "steps": [{"name": "it", "type": "exec", "heartbeat": "1500ms",
                                            "config": {"command": "sh", "args": [script]}}]})
    assert server.run("alive")["status"] == "success"


def test_the_wait_for_a_worker_and_the_runs_time_fire_on_time_also_after_a_kill(server):
    step = {"name": "it", "type": "exec", "retry": {"max_attempts": 1}, "config": {"command": "sh", "args": ["sleep 30"]}}
    server.apply({"key": "holder", "steps": [{**step, "timeout": "1m"}]})
    server.apply({"key": "patient", "steps": [{**step, "queue_timeout": "4s"}]})
    server.apply({"key": "short", "steps": [step]})
    holder = server.submit("holder")
    eventually(lambda: server.http.get(f"/v1/jobs/{holder}/status").json["status"] == "running", "it runs")
    patient = server.submit("patient")
    short = server.submit("short", timeout_seconds=4)
    accepted = {job: moment(server.job(job)["created_at"]) for job in (patient, short)}
    server.kill()
    server.start()
    for job, code in ((patient, "queue_timeout"), (short, "run_timeout")):
        ended = server.await_end(job)
        assert ended["error"]["code"] == code, ended["error"]
        stopped = [moment(record["at"]) for record in server.trail(job) if record["action"] == "run.stopping"][0]
        assert 4.0 - 0.02 <= stopped - accepted[job] <= 4.0 + LATE, (code, stopped - accepted[job])


def test_every_limit_of_a_step_fires_on_time_after_a_kill(make_server):
    server = make_server(config=CONFIG.replace("slots = 1", "slots = 8")).start()
    work = {"type": "exec", "retry": {"max_attempts": 1}, "config": {"command": "sh", "args": ["sleep 30"]}}
    draw = {"name": "draw", "type": "generate", "config": {"prompt": "a fox", "count": 1, "width": 64, "height": 64}}
    # From when each counts: a step in all and people's time from its beginning, an attempt from its newest start.
    limits = {
        "total": ("job.accepted", "step_timeout", [{"name": "it", "total_timeout": "4s", **work}]),
        "attempt": ("step.started", "step_timeout", [{"name": "it", "timeout": "2s", **work}]),
        "silence": ("step.started", "heartbeat_timeout", [{"name": "it", "heartbeat": "2s", **work}]),
        "signal": ("job.accepted", "step_timeout", [{"name": "it", "type": "signal", "timeout": "4s", "config": {"name": "go"}}]),
        "approval": ("step.completed", "step_timeout", [draw, {
            "name": "it", "type": "approval", "timeout": "4s", "config": {"assets": "${ .steps.draw.assets }"}}]),
    }
    for key, (_, _, steps) in limits.items():
        server.apply({"key": key, "steps": steps})
    jobs = {key: server.submit(key) for key in limits}
    for key, (begins, _, _) in limits.items():
        eventually(lambda: begins in [record["action"] for record in server.trail(jobs[key])], f"{key} is under way")
    server.kill()
    server.start()
    for key, (begins, code, steps) in limits.items():
        ended = server.await_end(jobs[key])
        assert ended["error"]["code"] == code, (key, ended["error"])
        at = {record["action"]: moment(record["at"]) for record in server.trail(jobs[key])}  # the newest of each
        allowed = 2.0 if key in ("attempt", "silence") else 4.0
        assert allowed - 0.02 <= at["run.stopping"] - at[begins] <= allowed + LATE, (key, at["run.stopping"] - at[begins])


def test_a_wait_that_the_other_side_asks_for_is_kept(server, receiver):
    server.apply({"key": "asks", "steps": [{"name": "it", "type": "http", "retry": {"initial": "10ms"},
                                           "config": {"url": receiver.url + "/busy/1/2"}}]})
    job = server.run("asks")
    assert job["status"] == "success", job["error"]
    retried = [record for record in server.trail(job["id"]) if record["action"] == "step.retrying"][0]
    assert moment(retried["details"]["due"]) - moment(retried["at"]) > 1.9


# --- lists and undoing -------------------------------------------------------------------------------------------------

def test_failures_are_collected_in_the_order_of_the_items(server):
    server.apply({"key": "each", "inputs": {"type": "object"}, "steps": [
        {"name": "work", "type": "exec", "for_each": "${ [0, 1, 2, 3] }", "on_item_failure": "collect", "max_parallel": 2,
         "retry": {"max_attempts": 1}, "config": {"command": "sh", "args": ["exit ${ .item % 2 }"]}}],
        "outputs": {"codes": "${ [.steps.work[].exit_code] }", "errors": "${ [.steps.work[].error.code] }"}})
    job = server.run("each")
    assert job["status"] == "success", job["error"]
    assert job["outputs"] == {"codes": [0, None, 0, None], "errors": [None, "command_failed", None, "command_failed"]}
    assert (job["steps"][0]["items_done"], job["steps"][0]["items_failed"]) == (2, 2)


def test_what_could_not_be_undone_is_not_hidden(server, receiver):
    undo = {"type": "http", "config": {"url": receiver.url + "/status/500"}, "retry": {"max_attempts": 2, "initial": "10ms"}}
    server.apply({"key": "saga", "steps": [
        {"name": "seat", "type": "noop", "compensate": {"type": "noop"}},
        {"name": "pay", "type": "noop", "compensate": undo},
        {"name": "ship", "type": "http", "retry": {"max_attempts": 1}, "config": {"url": receiver.url + "/status/404"}}]})
    job = server.run("saga")
    assert (job["status"], job["error"]["code"]) == ("failed", "compensation_incomplete"), job["error"]
    assert "http_status" in job["error"]["message"]
    assert [fault["pointer"] for fault in job["error"]["errors"]] == ["/steps/1/compensate"]
    steps = {step["name"]: step for step in job["steps"]}
    assert (steps["seat"]["compensation"], steps["pay"]["compensation"]) == ("success", "failed")
    assert sum(attempt["compensation"] for attempt in steps["pay"]["attempts"]) == 2
    order = [record["details"]["step"] for record in server.trail(job["id"]) if record["action"] == "compensation.started"]
    assert order == ["pay", "seat"]


def test_only_named_errors_are_retried(server, receiver):
    for key, retry, attempts in (("default", {}, 1), ("named", {"on": ["http_status"]}, 3)):
        server.apply({"key": key, "steps": [{"name": "it", "type": "http", "config": {"url": receiver.url + "/status/404"},
                                            "retry": {"max_attempts": 3, "initial": "1ms", **retry}}]})
        job = server.run(key)
        assert len(job["steps"][0]["attempts"]) == attempts, key
