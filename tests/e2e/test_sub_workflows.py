"""Steps whose work is a job of its own: one job an attempt, through kills of the server too."""

import threading

from http_client import eventually

CHILD = {
    "key": "child", "timeout": "10m",
    "inputs": {"type": "object", "properties": {"url": {"type": "string"}, "n": {"type": "integer"}}},
    "steps": [
        {"name": "wait", "type": "http", "timeout": "5m", "config": {"url": "${ .inputs.url }", "body": {"n": "${ .inputs.n }"}}},
        {"name": "double", "type": "transform", "config": {"value": "${ .inputs.n * 2 }"}}],
    "outputs": {"doubled": "${ .steps.double.value }"},
}
PARENT = {
    "key": "parent", "timeout": "10m",
    "steps": [{"name": "call", "type": "workflow", "for_each": "${ .inputs.list }", "timeout": "8m",
               "config": {"key": "child", "inputs": {"url": "${ .inputs.url }", "n": "${ .item }"}}}],
    "outputs": {"all": "${ [.steps.call[].doubled] }", "jobs": "${ [.steps.call[].job_id] }"},
}


def jobs_of(server, workflow):
    return server.http.get(f"/v1/jobs?workflow_key={workflow}&limit=500").json["items"]


def test_a_parent_finds_its_jobs_again_however_often_the_server_is_killed(make_server):
    server = make_server().start()
    server.apply({**CHILD, "steps": [{"name": "wait", "type": "delay", "config": {"duration": "25s"}}, CHILD["steps"][1]]})
    server.apply(PARENT)
    parent = server.submit("parent", {"list": list(range(20)), "url": ""})
    eventually(lambda: len(jobs_of(server, "child")) == 20, "every item has its job")
    run = server.job(parent)["execution_id"]
    for kills in range(1, 8):  # more often than a run may be taken over without getting anywhere
        server.kill()
        server.start()
        eventually(lambda: server.http.get(f"/v1/runs/{run}").json["recoveries"] >= kills, "the parent is taken over")
    assert len(jobs_of(server, "child")) == 20, "none was made twice"

    job = server.await_end(parent, 120)
    assert job["status"] == "success", job["error"]
    assert job["outputs"]["all"] == [2 * n for n in range(20)]
    children = jobs_of(server, "child")
    assert sorted(job["outputs"]["jobs"]) == sorted(child["id"] for child in children)
    assert {child["status"] for child in children} == {"success"}
    for child in children[:3]:
        shown = server.job(child["id"])
        assert shown["parent"] == {"job_id": parent, "run_id": job["execution_id"], "step": "call"}
        accepted = server.trail(child["id"])[0]
        assert (accepted["actor"], accepted["details"]["parent"]["job_id"]) == ("workflow", parent)
    assert job["parent"] is None
    assert server.http.get("/v1/audit/verify").json["whole"] is True


def test_cancelling_a_parent_cancels_its_jobs(server, receiver):
    server.apply(CHILD)
    server.apply(PARENT)
    parent = server.submit("parent", {"list": [1, 2, 3], "url": receiver.url + "/slow/600"})
    eventually(lambda: len(receiver.requests) == 3, "every item's job is at work")
    assert server.http.post(f"/v1/jobs/{parent}/cancel", {"reason": "enough"}).status == 202
    assert server.await_end(parent)["status"] == "cancelled"
    assert {child["status"] for child in jobs_of(server, "child")} == {"cancelled"}


def test_a_server_that_is_told_to_stop_does_not_wait_for_jobs_of_jobs(server, receiver):
    server.apply({**CHILD, "steps": [{"name": "wait", "type": "delay", "config": {"duration": "3s"}}], "outputs": {"doubled": 1}})
    server.apply(PARENT)
    parent = server.submit("parent", {"list": [1], "url": ""})
    eventually(lambda: jobs_of(server, "child"), "the item has its job")
    stopped = threading.Event()
    threading.Thread(target=lambda: (server.stop(), stopped.set()), daemon=True).start()
    assert stopped.wait(10), "the grace is 20 s"
    server.start()
    assert server.await_end(parent)["status"] == "success"
    assert len(jobs_of(server, "child")) == 1


def test_no_client_can_take_the_name_of_a_step_s_job(server):
    server.apply(CHILD)
    run = "01a1fd05-b129-7000-8513-ab8943862000"
    answer = server.http.post("/v1/jobs", {"workflow_key": "child", "inputs": {}, "job_id": f"{run}/0/0/1"})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/job_id")
    assert server.http.get(f"/v1/jobs/{run}%2F0%2F0%2F1").status in (400, 404)
