"""Too much work is refused at once, with a time to come back; what was accepted goes on (CONTRACTS: limits, waiting, in flight)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from http_client import eventually

CONFIG = """
[limits]
jobs_in_flight = 5
client_share = 100

[exec.commands.sleep]
program = "/bin/sleep"
"""


@pytest.fixture
def server(make_server):
    server = make_server(config=CONFIG).start()
    server.apply({"key": "busy", "steps": [{"name": "it", "type": "exec", "config": {"command": "sleep", "args": ["${ .inputs.seconds }"]}}]})
    server.apply({"key": "nap", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1s"}}]})
    return server


def submit(server, workflow, inputs=None, **options):
    return server.http.post("/v1/jobs", {"workflow_key": workflow, "inputs": inputs or {}}, **options)


def test_above_its_bound_it_answers_503_with_retry_after_and_recovers(server):
    answers = [submit(server, "busy", {"seconds": 2}) for _ in range(12)]
    accepted = [answer.json["job_id"] for answer in answers if answer.status == 202]
    refused = [answer for answer in answers if answer.status != 202]
    assert len(accepted) == 5
    for answer in refused:
        assert (answer.status, answer.json["code"]) == (503, "overloaded") and int(answer.headers["Retry-After"]) >= 1, answer
    assert len(server.http.get("/v1/jobs").json["items"]) == 5, "what was refused has left nothing"
    for job_id in accepted:
        assert server.await_end(job_id)["status"] == "success"
    eventually(lambda: submit(server, "busy", {"seconds": 0}).status == 202, "it takes work again")


def test_a_refused_job_can_be_sent_again_with_the_same_key(server):
    for _ in range(5):
        assert submit(server, "busy", {"seconds": 3}).status == 202
    key = {"Idempotency-Key": "patient"}
    assert submit(server, "busy", {"seconds": 0}, headers=key).status == 503
    accepted = eventually(lambda: (answer := submit(server, "busy", {"seconds": 0}, headers=key)).status == 202 and answer, "it is accepted")
    assert submit(server, "busy", {"seconds": 0}, headers=key).json == accepted.json


def test_jobs_that_only_wait_take_no_place(server):
    parked = []
    for _ in range(30):
        parked.append(eventually(lambda: (answer := submit(server, "nap")).status == 202 and answer.json["job_id"], "it is accepted"))
    for job_id in parked:
        assert server.await_end(job_id)["status"] == "success"


def test_many_at_once_with_one_key_make_one_job(server):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: submit(server, "nap", headers={"Idempotency-Key": "one"}), range(16)))
    assert {answer.status for answer in answers} <= {202, 409}, answers
    assert all(a.json["code"] == "idempotency_key_in_flight" for a in answers if a.status == 409)
    assert len({a.json["job_id"] for a in answers if a.status == 202}) == 1
    assert len(server.http.get("/v1/jobs").json["items"]) == 1


def test_many_at_once_with_one_job_id_make_one_job(server):
    def post(_):  # each counts against the bound until it is known to be a repetition
        body = {"workflow_key": "nap", "job_id": "mine"}
        return eventually(lambda: (answer := server.http.post("/v1/jobs", body)).status != 503 and answer, "there is room")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(16)))
    assert sorted(answer.status for answer in answers) == [200] * 15 + [202]
    assert len({answer.body for answer in answers}) == 1, "every answer is the first"


def test_prefer_wait_holds_the_answer_until_the_job_has_ended(server):
    ended = submit(server, "nap", headers={"Prefer": "wait=20"})
    assert ended.status == 200 and ended.json["status"] == "success"
    assert ended.headers["Preference-Applied"].startswith("wait")
    job_id = submit(server, "nap").json["job_id"]
    assert server.http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=20"}).json["status"] == "success"


def test_prefer_wait_gives_up_after_its_time(server):
    begun = time.monotonic()
    answer = submit(server, "busy", {"seconds": 5}, headers={"Prefer": "wait=1"})
    assert answer.status == 202 and time.monotonic() - begun >= 1
    assert server.http.get(f"/v1/jobs/{answer.json['job_id']}", headers={"Prefer": "wait=1"}).json["status"] in ("pending", "running")
