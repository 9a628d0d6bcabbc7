"""A job that has ended is run again: with which inputs, from where, by which version."""

import pytest


def saying(receiver, path="${ .inputs.word }", **fields):
    return {"key": "saying", "steps": [{"name": "say", "type": "http", "retry": {"max_attempts": 1},
                                        "config": {"url": f"{receiver.url}/status/404/{path}"}}], **fields}


@pytest.fixture
def server(make_server):
    return make_server().start()


def retry(server, job_id, **body):
    answer = server.http.post(f"/v1/jobs/{job_id}/retry", body)
    assert answer.status == 202, answer
    return server.await_end(job_id)


def said(receiver):
    return [request.path.rpartition("/")[2] for request in receiver.requests]


def test_a_retry_without_inputs_has_those_of_the_run_before_also_after_a_kill(server, receiver):
    server.apply(saying(receiver))
    job = server.run("saying", {"word": "a"})
    retry(server, job["id"], inputs={"word": "b"})
    retry(server, job["id"])
    server.kill()
    server.start()
    job = retry(server, job["id"])
    assert said(receiver) == ["a", "b", "b", "b"]
    assert [run["inputs"] for run in job["runs"]] == [{"word": word} for word in "abbb"]
    assert job["inputs"] == {"word": "b"}
    first, second = job["runs"][:2]
    assert server.http.get(f"/v1/runs/{first['id']}").json["inputs"] == {"word": "a"}
    assert [(run["retry_of"], run["from_step"], run["requested_by"]) for run in (first, second)] == [
        (None, None, None), (first["id"], None, "anonymous")]
    assert server.http.get(f"/v1/runs/{second['id']}").json["retry_of"] == first["id"]


def test_a_run_that_is_under_way_keeps_its_inputs_over_a_kill(server):
    server.apply({"key": "later", "steps": [
        {"name": "check", "type": "transform", "config": {"value": "${ if .inputs.word == \"a\" then error(\"no\") else 1 end }"}},
        {"name": "ask", "type": "signal", "config": {"name": "go"}},
        {"name": "say", "type": "transform", "config": {"value": "${ .inputs.word }"}}],
        "outputs": {"said": "${ .steps.say.value }"}})
    job = server.run("later", {"word": "a"})
    assert job["status"] == "failed"
    taken = server.http.post(f"/v1/jobs/{job['id']}/retry", {"inputs": {"word": "b"}})
    assert taken.status == 202, taken
    server.http.post(f"/v1/jobs/{job['id']}/cancel")
    server.await_end(job["id"])
    taken = server.http.post(f"/v1/jobs/{job['id']}/retry", {"from_step": "ask"})
    assert taken.status == 202, taken
    server.await_step(job["id"], "ask", "running")
    server.kill()
    server.start()
    assert server.http.post(f"/v1/runs/{taken.json['execution_id']}/signals/go").status == 202
    job = server.await_end(job["id"])
    assert (job["status"], job["outputs"]) == ("success", {"said": "b"})


def test_inputs_that_are_kept_are_checked_by_the_newest_versions_schema(server, receiver):
    server.apply(saying(receiver))
    job = server.run("saying", {"word": "a"})
    server.apply(saying(receiver, inputs={"type": "object", "required": ["tone"], "properties": {"tone": {"type": "string"}}}))
    refused = server.http.post(f"/v1/jobs/{job['id']}/retry")
    assert (refused.status, refused.json["code"]) == (422, "validation_failed")
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/inputs/tone"]
    server.apply(saying(receiver, "${ .inputs.tone }", inputs={"type": "object", "properties": {"tone": {"type": "string", "default": "low"}}}))
    job = retry(server, job["id"])
    assert (job["inputs"], job["workflow_version"]) == ({"tone": "low", "word": "a"}, 3)
    assert said(receiver) == ["a", "low"]
    assert retry(server, job["id"], workflow_version=1)["runs"][-1]["workflow_version"] == 1


def test_what_would_be_undone_in_another_way_is_not_reused(server, receiver):
    def booking(undo):
        return {"key": "booking", "steps": [
            {"name": "reserve", "type": "http", "for_each": "${ .inputs.seats }", "config": {"url": receiver.url + "/do/${ .item }"},
             "compensate": {"type": "http", "config": {"url": receiver.url + undo}}},
            {"name": "pay", "type": "http", "config": {"url": receiver.url + "/pay"}}]}
    server.apply(booking("/undo/${ .item }"))
    job = server.run("booking", {"seats": ["A", "B"]})
    assert job["status"] == "success"

    def refused(**body):
        answer = server.http.post(f"/v1/jobs/{job['id']}/retry", {"from_step": "pay", **body})
        assert (answer.status, answer.json["code"]) == (422, "validation_failed"), answer
        [fault] = answer.json["errors"]
        assert '"reserve"' in fault["message"]
        return fault["pointer"]

    assert refused(inputs={"seats": ["C"]}) == "/inputs"
    server.apply(booking("/undo/all"))
    assert refused() == "/workflow_version"
    assert retry(server, job["id"], from_step="pay", workflow_version=1, inputs={"seats": ["A", "B"]})["status"] == "success"
    assert len(server.job(job["id"])["runs"]) == 2, "a refused retry leaves nothing behind"
