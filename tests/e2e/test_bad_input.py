"""What is wrong with a request is told exactly: status, code, place (CONTRACTS: status codes and errors)."""

import json

import pytest

from troupe_server import TroupeServer

CHAIN = {
    "key": "chain",
    "inputs": {
        "type": "object",
        "required": ["prompt"],
        "additionalProperties": False,
        "properties": {"prompt": {"type": "string", "maxLength": 10}, "count": {"type": "integer", "minimum": 1}},
    },
    "steps": [{"name": "only", "type": "noop"}],
}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def http(troupe, tmp_path_factory):
    """One server for all: it has to survive all of it."""
    server = TroupeServer(troupe, tmp_path_factory.mktemp("server")).start()
    server.apply(CHAIN)
    yield server.http
    assert server.stop() == 0
    assert '"level":"error"' not in server.log()


def expect_problem(answer, status, code, detail="", pointers=None):
    """The whole problem document of CONTRACTS, and a detail or message that says what the test wants said."""
    assert (answer.status, answer.content_type) == (status, "application/problem+json"), answer
    problem = answer.json
    assert problem["status"] == status and problem["code"] == code, problem
    assert problem["type"].endswith(f"/docs/errors#{code}"), problem
    assert problem["title"] and problem["detail"], problem
    assert problem["request_id"] == answer.headers["X-Request-Id"], problem
    assert detail.lower() in json.dumps(problem).lower(), problem
    if pointers is not None:
        assert sorted(fault["pointer"] for fault in problem["errors"]) == sorted(pointers), problem
        assert all(fault["message"] for fault in problem["errors"])
    return problem


def job(**fields):
    return {"workflow_key": "chain", "inputs": {"prompt": "a fox"}, **fields}


# --- JSON ------------------------------------------------------------------------------------------------------------

MALFORMED = {
    "empty": b"",
    "cut": b'{"workflow_key": "chain"',
    "trailing comma": b'{"workflow_key": "chain",}',
    "two documents": b"{} {}",
    "comment": b'{/* no */ "workflow_key": "chain"}',
    "single quotes": b"{'workflow_key': 'chain'}",
    "NaN": b'{"workflow_key": "chain", "priority": NaN}',
    "bare word": b"workflow",
    "invalid UTF-8": b'{"workflow_key": "ch\xff\xfein"}',
    "overlong UTF-8": b'{"workflow_key": "\xc0\xaf"}',
    "lone surrogate": b'{"workflow_key": "\\ud800"}',
    "raw NUL": b'{"workflow_key": "chain"}\x00',
    "NUL in a string": b'{"workflow_key": "ch\x00ain"}',
    "raw newline in a string": b'{"workflow_key": "ch\nain"}',
    "leading zero": b'{"workflow_key": "chain", "priority": 05}',
    "UTF-16": '{"workflow_key": "chain"}'.encode("utf-16"),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_400(http, body):
    expect_problem(http("POST", "/v1/jobs", body=body, headers=JSON), 400, "malformed_json")


def test_malformed_json_is_named_with_its_place(http):
    body = b'{\n  "workflow_key": "chain",\n  "inputs": {"prompt": oops}\n}'
    problem = expect_problem(http("POST", "/v1/jobs", body=body, headers=JSON), 400, "malformed_json")
    assert "line 3" in problem["detail"] or str(body.index(b"oops")) in problem["detail"], problem


@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"1" + b"}")])
def test_json_nested_above_64_is_too_deep(http, opening, closing):
    deep = b'{"workflow_key": "chain", "inputs": {"prompt": ' + opening * 100_000 + closing * 100_000 + b"}}"
    expect_problem(http("POST", "/v1/jobs", body=deep, headers=JSON), 400, "json_too_deep")


def test_json_nested_64_deep_is_read(http):
    fits = b'{"workflow_key": "chain", "inputs": {"prompt": ' + b"[" * 62 + b"]" * 62 + b"}}"  # with the two objects: 64
    expect_problem(http("POST", "/v1/jobs", body=fits, headers=JSON), 422, "validation_failed", pointers=["/inputs/prompt"])
    above = fits.replace(b"[", b"[[", 1).replace(b"]", b"]]", 1)
    expect_problem(http("POST", "/v1/jobs", body=above, headers=JSON), 400, "json_too_deep")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"17", b"true"])
def test_a_body_that_is_no_object_is_422(http, body):
    expect_problem(http("POST", "/v1/jobs", body=body, headers=JSON), 422, "validation_failed", pointers=[""])


def test_a_body_above_1_mib_is_413(http):
    big = json.dumps(job(inputs={"prompt": "x" * (1 << 20)})).encode()
    expect_problem(http("POST", "/v1/jobs", body=big, headers=JSON), 413, "payload_too_large")


def test_a_body_of_exactly_1_mib_is_read(http):
    text = json.dumps(job(inputs={"prompt": ""})).encode()
    full = text + b" " * ((1 << 20) - len(text))
    assert http("POST", "/v1/jobs", body=full, headers=JSON).status == 202


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data", "application/json; charset=latin1"])
def test_another_media_type_is_415(http, media_type):
    answer = http("POST", "/v1/jobs", body=json.dumps(job()).encode(), headers={"Content-Type": media_type})
    expect_problem(answer, 415, "unsupported_media_type", "application/json")


# --- fields of a job -------------------------------------------------------------------------------------------------

WRONG_FIELDS = [
    ({"workflow_key": 5}, "/workflow_key"),
    ({"workflow_version": "1"}, "/workflow_version"),
    ({"workflow_version": 0}, "/workflow_version"),
    ({"inputs": []}, "/inputs"),
    ({"inputs": "prompt"}, "/inputs"),
    ({"priority": 0}, "/priority"),
    ({"priority": 11}, "/priority"),
    ({"priority": 5.5}, "/priority"),
    ({"priority": "high"}, "/priority"),
    ({"timeout_seconds": -1}, "/timeout_seconds"),
    ({"timeout_seconds": 0}, "/timeout_seconds"),
    ({"timeout_seconds": "5m"}, "/timeout_seconds"),
    ({"metadata": "none"}, "/metadata"),
    ({"metadata": {"notes": "x" * (16 << 10)}}, "/metadata"),
    ({"metadata": {"user_id": 7}}, "/metadata/user_id"),
    ({"client_id": ""}, "/client_id"),
    ({"client_id": 1}, "/client_id"),
    ({"job_id": ""}, "/job_id"),
    ({"job_id": "has space"}, "/job_id"),
    ({"job_id": "x" * 129}, "/job_id"),
    ({"job_id": "h\u00e4mmer"}, "/job_id"),
    ({"job_id": "nul\x00byte"}, "/job_id"),
    ({"job_id": "01a1fcfa-f0f4-7000-afb4-6e0648a3f000"}, "/job_id"),
    ({"inputs": {}}, "/inputs/prompt"),
    ({"inputs": {"prompt": 7}}, "/inputs/prompt"),
    ({"inputs": {"prompt": "longer than ten"}}, "/inputs/prompt"),
    ({"inputs": {"prompt": "a fox", "count": 0}}, "/inputs/count"),
    ({"inputs": {"prompt": "a fox", "count": 1.5}}, "/inputs/count"),
    ({"inputs": {"prompt": "a fox", "prompts": 1}}, "/inputs/prompts"),
    ({"workflow": "chain"}, "/workflow"),
]


@pytest.mark.parametrize("fields, pointer", WRONG_FIELDS, ids=lambda value: str(value)[:40])
def test_a_wrong_field_is_422_with_its_pointer(http, fields, pointer):
    problem = expect_problem(http.post("/v1/jobs", job(**fields)), 422, "validation_failed")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer], problem


def test_all_wrong_fields_are_told_at_once(http):
    body = {"priority": 99, "timeout_seconds": -1, "metadata": 3, "inputs": [], "typo": 1, "workflow_key": "chain"}
    expect_problem(http.post("/v1/jobs", body), 422, "validation_failed",
                   pointers=["/priority", "/timeout_seconds", "/metadata", "/inputs", "/typo"])


def test_all_schema_violations_are_told_at_once(http):
    inputs = {"prompt": 7, "count": "three", "extra": 1}
    expect_problem(http.post("/v1/jobs", job(inputs=inputs)), 422, "validation_failed",
                   pointers=["/inputs/prompt", "/inputs/count", "/inputs/extra"])


def test_inputs_that_take_for_ever_to_check_are_422(http):
    nested = {"type": "array", "items": {"$ref": "#/definitions/nested"}}
    schema = {"definitions": {"nested": {"anyOf": [nested, nested]}}, "properties": {"a": {"$ref": "#/definitions/nested"}}}
    applied = http.post("/v1/workflows", {**CHAIN, "key": "for-ever", "inputs": schema})
    assert applied.status == 201, applied.text
    value = 5
    for _ in range(40):
        value = [value]
    answer = http.post("/v1/jobs", job(workflow_key="for-ever", inputs={"a": value}))
    expect_problem(answer, 422, "validation_failed", "takes too long to be compared with the schema", ["/inputs"])
    assert http.get("/readyz").status == 200


def test_a_missing_workflow_key_is_422(http):
    expect_problem(http.post("/v1/jobs", {"inputs": {}}), 422, "validation_failed", pointers=["/workflow_key"])


@pytest.mark.parametrize("key", ["nobody", "", "x" * 200, "nul\x00", "../../etc/passwd"])
def test_an_unknown_workflow_is_422(http, key):
    expect_problem(http.post("/v1/jobs", job(workflow_key=key)), 422, "unknown_workflow")


def test_an_unknown_version_is_422(http):
    expect_problem(http.post("/v1/jobs", job(workflow_version=9)), 422, "unknown_workflow")


def test_a_timeout_above_the_maximum_is_422(http):
    expect_problem(http.post("/v1/jobs", job(timeout_seconds=2_592_001)), 422, "timeout_too_large", pointers=["/timeout_seconds"])


def test_the_same_job_id_with_another_body_is_409(http):
    first = http.post("/v1/jobs", job(job_id="mine"))
    assert first.status == 202 and first.json["job_id"] == "mine"
    again = http.post("/v1/jobs", job(job_id="mine"))
    assert again.status == 200 and again.json == first.json
    expect_problem(http.post("/v1/jobs", job(job_id="mine", priority=6)), 409, "job_id_conflict")


def test_a_disabled_workflow_is_409(http):
    http.post("/v1/workflows", {**CHAIN, "key": "retired"})
    assert http.post("/v1/workflows/retired/disable").status == 200
    expect_problem(http.post("/v1/jobs", job(workflow_key="retired")), 409, "workflow_disabled")
    assert http.post("/v1/workflows/retired/enable").status == 200
    assert http.post("/v1/jobs", job(workflow_key="retired")).status == 202


# --- addresses and methods -------------------------------------------------------------------------------------------

UNKNOWN = "01a1fcfa-f0f4-7000-afb4-6e0648a3f000"


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/jobs", "/v1/job", "/v1/jobs/a/b/c", "/v1/jobs/", "//v1/jobs", "/v1/jobs/../jobs/x/y",
                                  "/etc/passwd", "/v1/kill-switchess", "/V1/JOBS"])
def test_an_unknown_route_is_404(http, path):
    expect_problem(http.get(path), 404, "not_found")


@pytest.mark.parametrize("path", [f"/v1/jobs/{UNKNOWN}", "/v1/jobs/never-made", f"/v1/jobs/{UNKNOWN}/status", f"/v1/jobs/{UNKNOWN}/events",
                                  f"/v1/jobs/{UNKNOWN}/audit", f"/v1/runs/{UNKNOWN}", f"/v1/runs/{UNKNOWN}/logs", f"/v1/assets/{UNKNOWN}",
                                  f"/v1/assets/{UNKNOWN}/content", f"/v1/assets/{UNKNOWN}/thumbnail", "/v1/workflows/nobody",
                                  "/v1/workflows/chain/versions/99"])
def test_what_does_not_exist_is_404(http, path):
    expect_problem(http.get(path), 404, "not_found")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_action_on_what_does_not_exist_is_404(http, action):
    expect_problem(http.post(f"/v1/jobs/{UNKNOWN}/{action}", {}), 404, "not_found")


@pytest.mark.parametrize("job_id", ["%20", "x" * 129, "%C3%A4", "a%0Ab", "%22", "{id}"])
def test_a_malformed_id_is_400(http, job_id):
    expect_problem(http.get(f"/v1/jobs/{job_id}"), 400, "invalid_id")


@pytest.mark.parametrize("path", ["/v1/runs/mine", "/v1/assets/1", "/v1/assets/zz/content", "/v1/runs/x/logs"])
def test_runs_and_assets_are_named_by_uuid_only(http, path):
    expect_problem(http.get(path), 400, "invalid_id")


@pytest.mark.parametrize("path", ["/v1/jobs/%FF", "/v1/jobs/%00", "/v1/jobs/%zz", "/v1/jobs/%"])
def test_a_path_that_is_no_text_is_400(http, path):
    assert http.get(path).status == 400


METHODS = [
    ("DELETE", "/v1/jobs", {"GET", "HEAD", "POST"}),
    ("PUT", f"/v1/jobs/{UNKNOWN}", {"GET", "HEAD"}),
    ("GET", f"/v1/jobs/{UNKNOWN}/cancel", {"POST"}),
    ("PATCH", "/v1/workflows", {"GET", "HEAD", "POST"}),
    ("POST", "/healthz", {"GET", "HEAD"}),
    ("POST", "/v1/audit/verify", {"GET", "HEAD"}),
    ("BREW", "/v1/jobs", {"GET", "HEAD", "POST"}),
]


@pytest.mark.parametrize("method, path, allowed", METHODS)
def test_a_wrong_method_is_405_with_allow(http, method, path, allowed):
    answer = http(method, path)
    expect_problem(answer, 405, "method_not_allowed")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"OPTIONS"} == allowed


# --- queries, cursors, headers ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("limit", ["0", "-1", "501", "ten", "1.5", "99999999999999999999", ""])
def test_a_bad_limit_is_400(http, limit):
    expect_problem(http.get(f"/v1/jobs?limit={limit}"), 400, "invalid_limit")


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/runs", "/v1/workflows", "/v1/audit"])
@pytest.mark.parametrize("cursor", ["bogus", "AAAA", "%20", "x" * 4000, "..%2F"])
def test_a_bad_cursor_is_400(http, path, cursor):
    expect_problem(http.get(f"{path}?cursor={cursor}"), 400, "invalid_cursor")


@pytest.mark.parametrize("query", ["status=done", "status=", "created_after=yesterday", "created_before=2026-13-01T00:00:00Z", "statuss=failed",
                                   "status=failed&status=success", "q=%FF"])
def test_a_bad_query_is_400(http, query):
    expect_problem(http.get(f"/v1/jobs?{query}"), 400, "invalid_query")


def test_a_cursor_of_another_list_is_400(http):
    for _ in range(2):
        assert http.post("/v1/jobs", job()).status == 202
    cursor = http.get("/v1/jobs?limit=1").json["next_cursor"]
    assert http.get(f"/v1/jobs?limit=1&cursor={cursor}").status == 200
    expect_problem(http.get(f"/v1/audit?limit=1&cursor={cursor}"), 400, "invalid_cursor")


@pytest.mark.parametrize("prefer", ["wait=never", "wait=-1", "wait", "wait=", "respond-async", "=;,", "wait=5000000000000000000000"])
def test_a_preference_that_cannot_be_honoured_is_overlooked(http, prefer):
    """RFC 7240: preferences never fail a request."""
    answer = http.post("/v1/jobs", job(), headers={"Prefer": prefer})
    assert answer.status in (200, 202), answer


@pytest.mark.parametrize("key", ["", '""', "x" * 256, '"open', 'in"side', "h\u00e4mmer".encode().decode("latin-1")])
def test_a_bad_idempotency_key_is_400(http, key):
    expect_problem(http.post("/v1/jobs", job(), headers={"Idempotency-Key": key}), 400, "malformed_request", "Idempotency-Key")


def test_an_idempotency_key_gives_the_first_answer_again(http):
    key = {"Idempotency-Key": "once"}
    first, again = (http.post("/v1/jobs", job(), headers=key) for _ in range(2))
    assert (first.status, again.status) == (202, 202) and first.body == again.body
    expect_problem(http.post("/v1/jobs", job(priority=9), headers=key), 422, "idempotency_key_reused")
    assert http.post("/v1/trigger", {"workflow_id": "chain", "payload": {"prompt": "a"}}, headers=key).status == 202, "another path"


def test_a_bad_last_event_id_is_400(http):
    made = http.post("/v1/jobs", job()).json["job_id"]
    expect_problem(http.get(f"/v1/jobs/{made}/events", headers={"Last-Event-ID": "bogus"}), 400, "malformed_request")


@pytest.mark.parametrize("request_id, kept", [("my-request-1", True), ("x" * 5000, False), ("white space", None)])
def test_a_request_id_is_echoed_when_it_is_sane(http, request_id, kept):
    echoed = http.get("/v1/nothing", headers={"X-Request-Id": request_id})
    assert echoed.json["request_id"] == echoed.headers["X-Request-Id"]
    if kept is not None:
        assert (echoed.headers["X-Request-Id"] == request_id) is kept


# --- definitions -----------------------------------------------------------------------------------------------------

def steps(*listed):
    return {"key": "broken", "steps": list(listed)}


BROKEN = {
    "no key": ({"steps": [{"name": "a", "type": "noop"}]}, ["/key"]),
    "no steps": ({"key": "broken"}, ["/steps"]),
    "empty steps": ({"key": "broken", "steps": []}, ["/steps"]),
    "misspelt member": ({**steps({"name": "a", "type": "noop"}), "ouputs": {}}, ["/ouputs"]),
    "misspelt step member": (steps({"name": "a", "type": "noop", "tiemout": "5m"}), ["/steps/0/tiemout"]),
    "misspelt type": (steps({"name": "a", "type": "nop"}), ["/steps/0/type"]),
    "misspelt config": (steps({"name": "a", "type": "http", "config": {"url": "http://127.0.0.1/", "metod": "GET"}}), ["/steps/0/config/metod"]),
    "missing config": (steps({"name": "a", "type": "http", "config": {}}), ["/steps/0/config/url"]),
    "missing type": (steps({"name": "a"}), ["/steps/0/type"]),
    "missing name": (steps({"type": "noop"}), ["/steps/0/name"]),
    "duplicate names": (steps({"name": "a", "type": "noop"}, {"name": "a", "type": "noop"}), ["/steps/1/name"]),
    "unknown need": (steps({"name": "a", "type": "noop", "needs": ["b"]}), ["/steps/0/needs/0"]),
    "need of itself": (steps({"name": "a", "type": "noop", "needs": ["a"]}), ["/steps/0/needs/0"]),
    "bad duration": (steps({"name": "a", "type": "delay", "config": {"duration": "soon"}}), ["/steps/0/config/duration"]),
    "bad expression": (steps({"name": "a", "type": "transform", "config": {"value": "${ .inputs. }"}}), ["/steps/0/config/value"]),
    "no such root": (steps({"name": "a", "type": "transform", "config": {"value": "${ .input.x }"}}), ["/steps/0/config/value"]),
    "item without items": (steps({"name": "a", "type": "transform", "config": {"value": "${ .item }"}}), ["/steps/0/config/value"]),
    "item in when": (steps({"name": "a", "type": "noop", "for_each": "${ [1] }", "when": "${ .item == 1 }"}), ["/steps/0/when"]),
    "bad header": (steps({"name": "a", "type": "http", "config": {"url": "http://127.0.0.1/", "headers": {"a b": "c", "d": "e\nf"}}}),
                   ["/steps/0/config/headers/a b", "/steps/0/config/headers/d"]),
    "unknown command": (steps({"name": "a", "type": "noop", "compensate": {"type": "exec", "config": {"command": "rm"}}}),
                        ["/steps/0/compensate/config/command"]),
    "bad schema": ({**steps({"name": "a", "type": "noop"}), "inputs": {"type": "objekt"}}, ["/inputs/type"]),
    "bad retry": (steps({"name": "a", "type": "noop", "retry": {"max_attempts": 0}}), ["/steps/0/retry/max_attempts"]),
    "steps no list": ({"key": "broken", "steps": {"a": 1}}, ["/steps"]),
    "bad key": ({"key": "has space", "steps": [{"name": "a", "type": "noop"}]}, ["/key"]),
    "several": (steps({"name": "a", "type": "nop", "needs": ["z"]}, {"name": "a", "type": "noop"}),
                ["/steps/0/type", "/steps/0/needs/0", "/steps/1/name"]),
}


@pytest.mark.parametrize("definition, pointers", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_definition_is_422_and_its_faults_are_told_at_once(http, definition, pointers):
    problem = expect_problem(http.post("/v1/workflows", definition), 422, "validation_failed", pointers=pointers)
    validated = http.post("/v1/workflows/validate", definition)
    assert validated.status in (200, 422), validated
    assert validated.json["errors"] == problem["errors"]


def test_a_cycle_is_named(http):
    cyclic = steps(*({"name": name, "type": "noop", "needs": [need]} for name, need in ("ac", "ba", "cb")))
    problem = expect_problem(http.post("/v1/workflows", cyclic), 422, "validation_failed", "cycle")
    told = json.dumps(problem["errors"])
    assert all(name in told for name in "abc")


def test_a_misspelt_name_is_answered_with_the_likely_one(http):
    problem = expect_problem(http.post("/v1/workflows", steps({"name": "a", "type": "transfrom", "config": {"value": 1}})), 422, "validation_failed")
    assert "transform" in problem["errors"][0]["message"]


def test_malformed_yaml_is_400_with_its_place(http):
    answer = http("POST", "/v1/workflows", body=b"key: broken\nsteps: [\n  {name: a", headers={"Content-Type": "application/yaml"})
    assert answer.status == 400 and answer.content_type == "application/problem+json", answer
    assert "line" in answer.json["detail"]


@pytest.mark.parametrize("body", [b"key: [*a]", b"a: &a [*a]", b"&a [" + b"*a, " * 10, b"key: \xff\xfe",
                                  b"\n".join([b"a: &a [x,x,x,x,x,x,x,x,x]"] + [b"%c: &%c [%s]" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110)]),
                                  b"{" * 5000, b"- " * 5000])
def test_hostile_yaml_is_refused(http, body):
    answer = http("POST", "/v1/workflows", body=body, headers={"Content-Type": "application/yaml"})
    assert answer.status in (400, 413, 422) and answer.content_type == "application/problem+json", answer


def test_a_definition_above_256_kib_is_refused(http):
    answer = http.post("/v1/workflows", {**CHAIN, "description": "x" * (300 << 10)})
    assert answer.status in (413, 422) and answer.content_type == "application/problem+json", answer


def test_more_than_256_steps_are_refused(http):
    many = steps(*({"name": f"s{n}", "type": "noop"} for n in range(257)))
    expect_problem(http.post("/v1/workflows", many), 422, "validation_failed", "256", pointers=["/steps"])


@pytest.mark.parametrize("step_type", ["comfyui", "n8n", "task"])
def test_a_step_type_that_is_not_there_yet_is_refused_clearly(http, step_type):
    answer = http.post("/v1/workflows", steps({"name": "a", "type": step_type, "config": {}}))
    assert answer.status == 422 and answer.json["code"] in ("not_supported", "validation_failed"), answer
    assert "/steps/0/type" in [fault["pointer"] for fault in answer.json["errors"]]


def test_a_callback_url_is_refused_rather_than_forgotten(http):
    expect_problem(http.post("/v1/jobs", job(callback_url="https://example.org/done")), 422, "not_supported", pointers=["/callback_url"])
