"""Many jobs in one request: each is durable or refused by itself, in order, whatever happens around it (CONTRACTS: batch)."""

import json

import pytest

from http_client import eventually

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request, make_server):
    url = request.getfixturevalue("postgres").fresh_database() if request.param == "postgresql" else None
    server = make_server(database_url=url).start()
    server.apply({"key": "quick", "steps": [{"name": "it", "type": "noop"}],
                  "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}}})
    server.apply({"key": "later", "steps": [{"name": "it", "type": "delay", "config": {"duration": "2h"}}]})
    return server


def job(number, **fields):
    return {"workflow_key": "quick", "inputs": {"n": number}, **fields}


def lines(jobs):
    return "".join(json.dumps(one) + "\n" for one in jobs).encode()


def ended(server, jobs):
    """All of these ids have ended well, each once."""
    statuses = {item["id"]: item["status"] for item in all_jobs(server)}
    return all(statuses.get(one) == "success" for one in jobs)


def all_jobs(server):
    items, cursor = [], ""
    while cursor is not None:
        page = server.http.get(f"/v1/jobs?limit=500{cursor}").json
        items += page["items"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return items


def test_ten_thousand_jobs_are_taken_in_order_and_all_run(server):
    answer = server.http.post("/v1/jobs/batch", body=lines(job(n, job_id=f"n-{n}") for n in range(10_000)), headers=NDJSON, timeout=120)
    assert answer.status == 200 and answer.content_type == "application/x-ndjson"
    items = [json.loads(line) for line in answer.body.splitlines()]
    assert [item["status"] for item in items] == [202] * 10_000
    assert [item["job"]["job_id"] for item in items] == [f"n-{n}" for n in range(10_000)]
    eventually(lambda: ended(server, [item["job"]["id"] for item in items]), "all have ended", 120, 0.5)
    assert len(all_jobs(server)) == 10_000
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_a_bad_job_is_refused_alone(server):
    jobs = [job(1), job("one"), {"workflow_key": "none"}, 7, job(2, job_id="mine"), job(2, job_id="mine"), job(3, job_id="mine")]
    answer = server.http.post("/v1/jobs/batch", {"jobs": jobs})
    assert answer.status == 200
    body = answer.json
    assert [item["status"] for item in body["items"]] == [202, 422, 422, 422, 202, 200, 409]
    assert (body["accepted"], body["repeated"], body["refused"]) == (2, 1, 4)
    assert body["items"][1]["error"]["errors"][0]["pointer"] == "/inputs/n"
    assert body["items"][4]["job"] == body["items"][5]["job"]
    again = server.http.post("/v1/jobs/batch", {"jobs": [jobs[4]]}).json
    assert again["items"] == [{"status": 200, "job": body["items"][4]["job"]}]


def test_what_came_before_a_broken_body_is_taken_and_told(server):
    with server.http.raw() as raw:
        body = b'{"jobs":[' + json.dumps(job(1)).encode() + b","
        raw.send(b"POST /v1/jobs/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.send(b"%x\r\n%s\r\n" % (len(body), body))
        eventually(lambda: len(all_jobs(server)) == 1, "the first job is taken before the body is whole")
        raw.send(b"1\r\n]\r\n0\r\n\r\n")
        answer = raw.read_answers(1)[0]
    assert (answer.status, answer.json["code"]) == (400, "malformed_json")
    assert [item["status"] for item in answer.json["items"]] == [202]
    eventually(lambda: ended(server, [answer.json["items"][0]["job"]["id"]]), "it has ended")


def test_accepted_jobs_of_a_batch_survive_a_kill(server):
    answer = server.http.post("/v1/jobs/batch", {"jobs": [job(n) for n in range(2_000)]}, timeout=60)
    server.kill()
    jobs = [item["job"]["id"] for item in answer.json["items"]]
    assert len(jobs) == 2_000
    server.start()
    eventually(lambda: ended(server, jobs), "all have ended", 60, 0.2)
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_jobs_that_only_wait_are_not_held_in_memory(server):
    jobs = [{"workflow_key": "later"} for _ in range(5_000)]
    assert server.http.post("/v1/jobs/batch", {"jobs": jobs}, timeout=60).json["accepted"] == 5_000
    live = [line for line in server.http.get("/metrics").body.decode().splitlines() if line.startswith("troupe_runs_live ")]
    assert live == ["troupe_runs_live 0"]
