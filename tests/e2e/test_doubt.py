"""The process is killed while it does what must not be done twice: people say what became of it."""

import pytest

from http_client import eventually

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]
"""


@pytest.fixture
def server(make_server):
    return make_server(config=CONFIG).start()


def paying(receiver, **fields):
    return {"key": "paying", "steps": [
        {"name": "reserve", "type": "transform", "config": {"value": 1},
         "compensate": {"type": "http", "config": {"url": receiver.url + "/release"}}},
        {"name": "pay", "type": "http", "idempotent": False, "timeout": "50s", "config": {"url": receiver.url + "/slow/40"}},
        {"name": "ship", "type": "transform", "config": {"value": "${ .steps.pay }"}}],
        "outputs": {"paid": "${ .steps.ship.value }"}, **fields}


def paths(receiver):
    return [request.path for request in receiver.requests]


def kill_while_paying(server, receiver, jobs):
    eventually(lambda: paths(receiver).count("/slow/40") == jobs, "all of them pay")
    server.kill()
    receiver.stopping.set()  # from now on it answers at once
    server.start()


def await_doubt(server, job):
    eventually(lambda: server.http.get(f"/v1/jobs/{job}/status").json["waiting_for"] == "approval", f"{job} is in doubt")
    return server.job(job)


def resolve(server, job, step, **body):
    run = server.job(job)["execution_id"]
    return server.http.post(f"/v1/runs/{run}/steps/{step}/resolve", body)


def test_people_decide_what_became_of_it(server, receiver):
    server.apply(paying(receiver))
    done, repeated, failed = jobs = [server.submit("paying") for _ in range(3)]
    kill_while_paying(server, receiver, 3)
    for job in jobs:
        [doubt] = await_doubt(server, job)["steps"][1]["in_doubt"]
        assert (doubt["item"], doubt["attempt"], doubt["compensation"]) == (0, 1, False)
    assert paths(receiver) == ["/slow/40"] * 3, "none is begun again"

    answer = resolve(server, done, "pay", decision="done", output={"receipt": 7}, comment="the bank has it")
    assert (answer.status, answer.json["status"]) == (202, "running"), answer
    again = resolve(server, done, "pay", decision="repeat")
    assert again.status == 409 and again.json["code"] in ("conflict", "job_finished"), again
    server.kill()  # what was answered is durable, and what was not decided waits on
    server.start()
    assert resolve(server, repeated, "pay", decision="repeat").status == 202
    assert resolve(server, failed, "pay", decision="failed", comment="the card was stolen").status == 202

    job = server.await_end(done)
    assert (job["status"], job["outputs"]) == ("success", {"paid": {"receipt": 7}})
    [record] = [record for record in server.trail(done) if record["action"] == "attempt.resolved"]
    assert record["actor"] == "anonymous"
    assert record["details"] == {"step": "pay", "attempt": 1, "epoch": 1, "decision": "done", "comment": "the bank has it"}

    job = server.await_end(repeated)
    assert (job["status"], job["outputs"]["paid"]["status"]) == ("success", 200)

    job = server.await_end(failed)
    assert (job["status"], job["error"]["code"]) == ("failed", "in_doubt")
    assert "the card was stolen" in job["error"]["message"]
    assert job["steps"][0]["compensation"] == "success"
    assert sorted(paths(receiver)) == ["/release"] + ["/slow/40"] * 4
    late = resolve(server, failed, "pay", decision="done")
    assert (late.status, late.json["code"]) == (409, "job_finished")
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_the_command_line_shows_and_decides_about_a_command_in_doubt(server, cli, tmp_path):
    mark = tmp_path / "begun"
    server.apply({"key": "announce", "steps": [
        {"name": "say", "type": "exec", "idempotent": False, "for_each": "${ [1, 2] }",
         "config": {"command": "sh", "args": [f"echo x >> {mark}; sleep 60"]}}], "outputs": {"said": "${ .steps.say }"}})
    job = server.submit("announce")
    eventually(lambda: mark.exists() and len(mark.read_text()) == 4, "both have begun")
    server.kill()
    server.start()
    await_doubt(server, job)
    cli.server = server
    assert "in doubt   say, item 1, attempt 1, since " in cli("job", "get", job).stdout
    unclear = cli("job", "resolve", job, "say", "done")
    assert unclear.returncode == 1 and "/item: must name one of those in doubt: 0, 1" in unclear.stderr
    assert cli("job", "resolve", job, "say", "done", "--item", "1", "--output", "late").returncode == 0
    assert cli("job", "resolve", job, "say", "done", "--item", "1").returncode == 6
    assert cli("job", "resolve", job, "say", "done").returncode == 0
    assert server.await_end(job)["outputs"] == {"said": [None, "late"]}
    assert len(mark.read_text()) == 4
