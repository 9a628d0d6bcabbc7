"""Rate limits of clients, workflows and keys: who is let in, who is told to come again, and when (CONTRACTS §1: limits)."""

import re
import time

import pytest

QUICK = {"key": "quick", "steps": [{"name": "it", "type": "noop"}]}
SLOW = {"key": "slow", "rate_limit": {"limit": 2, "per": "1h"}, "steps": [{"name": "it", "type": "noop"}]}
KEYED = {"key": "keyed", "rate_limit": {"limit": 1, "per": "1h", "key": "${ [.client_id, .inputs.region] }"},
         "steps": [{"name": "it", "type": "noop"}]}
CONFIG = """
[limits]
client_rate = "5/1h"

[clients.brisk]
rate = "2/1s"

[clients.free]
rate = "none"
"""


@pytest.fixture
def server(make_server):
    server = make_server(config=CONFIG).start()
    for workflow in (QUICK, SLOW, KEYED):
        server.apply(workflow)
    return server


def submit(server, workflow="quick", client="shop", **fields):
    return server.http.post("/v1/jobs", {"workflow_key": workflow, "client_id": client, **fields})


def items(header):
    """A list of structured fields, as far as ours go: [(name, {parameter: number})]."""
    parsed = []
    for item in header.split(", "):
        name, *parameters = item.split(";")
        assert re.fullmatch(r'"[\x20-\x21\x23-\x5b\x5d-\x7e]+"', name), header
        assert all(re.fullmatch(r"[a-z][a-z0-9_.*-]*=\d+", one) for one in parameters), header
        parsed.append((name.strip('"'), {key: int(value) for key, value in (one.split("=") for one in parameters)}))
    return parsed


def expect_refused(answer):
    assert answer.status == 429 and answer.json["code"] == "rate_limited", answer
    assert int(answer.headers["Retry-After"]) >= 1
    return answer


def count_jobs(server, client):
    return len(server.http.get(f"/v1/jobs?client_id={client}&limit=500").json["items"])


def test_a_client_is_let_in_until_its_bucket_is_empty_and_told_so_all_along(server):
    for left in (4, 3, 2, 1, 0):
        answer = submit(server)
        assert answer.status == 202
        assert items(answer.headers["RateLimit-Policy"]) == [("client", {"q": 5, "w": 3600})]
        [(name, limit)] = items(answer.headers["RateLimit"])
        assert name == "client" and limit["r"] == left and 0 < limit["t"] <= 720
        assert "Retry-After" not in answer.headers
    refused = expect_refused(submit(server))
    [(_, limit)] = items(refused.headers["RateLimit"])
    assert limit["r"] == 0 and limit["t"] <= int(refused.headers["Retry-After"]) <= 720
    assert "the client shop may submit 5 jobs in 1h" in refused.json["detail"]
    assert count_jobs(server, "shop") == 5
    assert submit(server, client="other").status == 202
    assert server.http.get("/v1/audit/verify").json["whole"]


def test_who_comes_when_he_is_told_is_let_in(server):
    let_in, refused, deadline = 0, 0, time.monotonic() + 30
    while refused < 3 and time.monotonic() < deadline:
        answer = submit(server, client="brisk")
        if answer.status == 202:
            let_in += 1
            continue
        refused += 1
        time.sleep(int(expect_refused(answer).headers["Retry-After"]))
        assert submit(server, client="brisk").status == 202
        let_in += 1
    assert refused == 3 and count_jobs(server, "brisk") == let_in


def test_a_client_without_a_limit_hears_of_none(server):
    answers = [submit(server, client="free") for _ in range(20)]
    assert all(answer.status == 202 and "RateLimit" not in answer.headers for answer in answers)


def test_a_workflow_has_its_own_limit_and_the_tightest_comes_first(server):
    answer = submit(server, "slow")
    assert [name for name, _ in items(answer.headers["RateLimit"])] == ["workflow:slow", "client"]
    assert items(answer.headers["RateLimit-Policy"]) == [("workflow:slow", {"q": 2, "w": 3600}), ("client", {"q": 5, "w": 3600})]
    assert submit(server, "slow", client="free").status == 202
    for client in ("shop", "free"):
        assert "the workflow slow takes 2 jobs in 1h" in expect_refused(submit(server, "slow", client)).json["detail"]
    left = server.http.get("/v1/jobs?client_id=shop").json["items"]
    assert len(left) == 1
    assert [submit(server).status for _ in range(5)] == [202] * 4 + [429], "what the workflow refused cost the client nothing"


def test_each_value_of_a_key_has_its_own_limit(server):
    assert submit(server, "keyed", "free", inputs={"region": "eu"}).status == 202
    refused = expect_refused(submit(server, "keyed", "free", inputs={"region": "eu"}))
    assert '["free","eu"]' in refused.json["detail"]
    assert submit(server, "keyed", "free", inputs={"region": "us"}).status == 202
    assert submit(server, "keyed", "shop", inputs={"region": "eu"}).status == 202
    assert submit(server, "keyed", "free", inputs={"region": "x" * 300}).status == 422


def test_a_known_job_is_answered_as_before_although_the_bucket_is_empty(server):
    first = submit(server, "slow", "free", job_id="mine")
    keyed = server.http.post("/v1/jobs", {"workflow_key": "slow", "client_id": "free"}, headers={"Idempotency-Key": "k"})
    assert (first.status, keyed.status) == (202, 202)
    expect_refused(submit(server, "slow", "free"))
    again = submit(server, "slow", "free", job_id="mine")
    assert again.status == 200 and again.json == first.json
    replayed = server.http.post("/v1/jobs", {"workflow_key": "slow", "client_id": "free"}, headers={"Idempotency-Key": "k"})
    assert replayed.status == 202 and replayed.body == keyed.body
    conflict = submit(server, "slow", "free", job_id="mine", priority=9)
    assert conflict.status == 409 and conflict.json["code"] == "job_id_conflict"
    expect_refused(submit(server, "slow", "free", job_id="new"))


def test_a_batch_gets_as_many_in_as_there_are_tokens_in_order(server):
    jobs = [{"workflow_key": "quick", "client_id": "shop", "job_id": f"n-{n}"} for n in range(8)]
    answer = server.http.post("/v1/jobs/batch", {"jobs": jobs})
    assert answer.status == 200 and "RateLimit" not in answer.headers
    assert [item["status"] for item in answer.json["items"]] == [202] * 5 + [429] * 3
    assert "the next one may come in" in answer.json["items"][7]["error"]["detail"]
    again = server.http.post("/v1/jobs/batch", {"jobs": jobs}).json
    assert [item["status"] for item in again["items"]] == [200] * 5 + [429] * 3


def test_a_retry_and_a_trigger_count_too(server):
    job = submit(server, "slow", "free").json["id"]
    server.await_end(job)
    retried = server.http.post(f"/v1/jobs/{job}/retry", {})
    assert retried.status == 202 and items(retried.headers["RateLimit"])[0][1]["r"] == 0
    server.await_end(job)
    expect_refused(server.http.post(f"/v1/jobs/{job}/retry", {}))
    expect_refused(server.http.post("/v1/trigger", {"workflow_id": "slow"}))


def test_after_a_restart_every_bucket_is_full(server):
    assert [submit(server, "slow", "free").status for _ in range(3)] == [202, 202, 429]
    server.stop()
    server.start()
    assert [submit(server, "slow", "free").status for _ in range(3)] == [202, 202, 429]


def test_meta_and_metrics_tell(server):
    submit(server, client="default")
    assert server.http.get("/v1/meta").json["rate_limits"] == [
        {"policy": "client", "limit": 5, "per_seconds": 3600, "burst": 5, "remaining": 4}]
    for _ in range(5):
        submit(server, client="default")
    submit(server, "slow", "free"), submit(server, "slow", "free"), submit(server, "slow", "free")
    text = server.http.get("/metrics").body.decode()
    assert 'troupe_rate_limited_total{scope="client"} 1' in text
    assert 'troupe_rate_limited_total{scope="workflow"} 1' in text


def test_a_definition_with_a_wrong_limit_is_refused_with_its_places(server):
    wrong = {**QUICK, "key": "wrong", "rate_limit": {"limit": 0, "per": "100ms", "key": "client_id"}}
    answer = server.http.post("/v1/workflows", wrong)
    assert answer.status == 422
    assert sorted(fault["pointer"] for fault in answer.json["errors"]) == ["/rate_limit/key", "/rate_limit/limit", "/rate_limit/per"]
    bad = {**QUICK, "key": "bad", "rate_limit": {"limit": 1, "per": "1s", "key": "${ .client_id | }"}}
    assert [fault["pointer"] for fault in server.http.post("/v1/workflows", bad).json["errors"]] == ["/rate_limit/key"]


def test_a_wrong_rate_in_the_configuration_is_refused(make_server):
    server = make_server(config='[limits]\nclient_rate = "fast"\n').launch()
    assert server.wait() == 2
    assert "limits.client_rate: must be like 100/1m" in server.log() + server.out_file.read_text()
