"""API keys: who may do what (CONTRACTS §10)."""

import hashlib
import json

import pytest

from http_client import HttpClient
from troupe_server import CommandLine

ROLES = ["viewer", "client", "worker", "operator", "admin"]
KEYS = {role: f"trp_{role:x<43}" for role in ROLES} | {"acme": f"trp_{'acme':x<43}", "other": f"trp_{'other':x<43}"}
QUICK = {"key": "quick", "steps": [{"name": "it", "type": "noop"}]}
SLOW = {"key": "slow", "steps": [{"name": "it", "type": "delay", "config": {"duration": "1h"}}]}


def entry(name, client=""):
    role = name if name in ROLES else "client"
    digest = hashlib.sha256(KEYS[name].encode()).hexdigest()
    return f'[[auth.keys]]\nname = "{name}"\nsha256 = "{digest}"\nrole = "{role}"\n' + (f'client = "{client}"\n' if client else "")


@pytest.fixture
def server(make_server):
    config = "".join(map(entry, ROLES)) + entry("acme", "acme") + entry("other", "other")
    server = make_server(config=config, token=KEYS["admin"]).start()
    server.apply(QUICK)
    server.apply(SLOW)
    return server


@pytest.fixture
def as_role(server):
    return lambda name: HttpClient(server.url, KEYS[name])


def expect(answer, status, code):
    assert answer.status == status and answer.content_type == "application/problem+json", answer
    assert answer.json["code"] == code and answer.json["status"] == status
    return answer


FORMS = {
    "none": None,
    "empty": "",
    "no scheme": KEYS["admin"],
    "another scheme": "Basic YWRtaW46YWRtaW4=",
    "no key": "Bearer",
    "unknown key": "Bearer trp_" + "z" * 43,
    "a digest": "Bearer " + hashlib.sha256(KEYS["admin"].encode()).hexdigest(),
    "cut": "Bearer " + KEYS["admin"][:-1],
    "longer": "Bearer " + KEYS["admin"] + "x",
    "two": f"Bearer {KEYS['admin']} {KEYS['admin']}",
    "other case": "Bearer " + KEYS["admin"].upper(),
    "huge": "Bearer " + "x" * 8000,
}


@pytest.mark.parametrize("header", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("method, path", [("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/meta"), ("GET", "/metrics"),
                                          ("GET", "/v1/events"), ("GET", "/v1/audit/verify"), ("GET", "/v1/workflows")])
def test_without_a_valid_key_it_is_401_with_a_challenge(server, header, method, path):
    http = HttpClient(server.url)
    answer = expect(http(method, path, headers={} if header is None else {"Authorization": header}), 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer"), "RFC 9110 demands a challenge"
    assert KEYS["admin"] not in answer.body.decode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs"])
def test_the_probes_and_the_reference_need_no_key(server, path):
    assert HttpClient(server.url).get(path).status == 200


def test_the_scheme_has_no_case(server):
    assert HttpClient(server.url).get("/v1/jobs", headers={"Authorization": f"bearer {KEYS['viewer']}"}).status == 200


def test_a_viewer_looks_and_changes_nothing(server, as_role):
    job_id = server.submit("slow", timeout_seconds=7200)
    viewer = as_role("viewer")
    for path in ("/v1/jobs", f"/v1/jobs/{job_id}", f"/v1/jobs/{job_id}/audit", "/v1/workflows", "/v1/runs", "/v1/meta"):
        assert viewer.get(path).status == 200, path
    for path, body in (("/v1/jobs", {"workflow_key": "quick"}), (f"/v1/jobs/{job_id}/cancel", {}), ("/v1/trigger", {"workflow_id": "quick"}),
                       ("/v1/workflows", QUICK), ("/v1/workflows/quick/disable", None)):
        expect(viewer.post(path, body), 403, "forbidden")
    assert server.job(job_id)["status"] == "running"


def test_a_client_submits_and_cancels_but_defines_nothing(server, as_role):
    client = as_role("client")
    made = client.post("/v1/jobs", {"workflow_key": "slow", "timeout_seconds": 7200})
    assert made.status == 202
    assert client.post(f"/v1/jobs/{made.json['job_id']}/cancel", {"reason": "mine"}).status == 202
    expect(client.post("/v1/workflows", {**QUICK, "key": "own"}), 403, "forbidden")
    expect(client.post("/v1/workflows/quick/disable"), 403, "forbidden")


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_an_operator_may_switch_workflows(as_role, role):
    assert as_role(role).post("/v1/workflows/quick/disable").status == 200
    assert as_role(role).post("/v1/workflows/quick/enable").status == 200


def test_a_client_sees_its_own_jobs_only(server, as_role):
    acme, other = as_role("acme"), as_role("other")
    made = acme.post("/v1/jobs", {"workflow_key": "quick", "job_id": "same-name"}).json
    theirs = other.post("/v1/jobs", {"workflow_key": "quick", "job_id": "same-name"}).json
    uuid = {c: http.get("/v1/jobs/same-name").json["id"] for c, http in (("acme", acme), ("other", other))}
    assert uuid["acme"] != uuid["other"] and made["job_id"] == theirs["job_id"] == "same-name"
    assert [job["client_id"] for job in acme.get("/v1/jobs").json["items"]] == ["acme"]
    assert {r["client_id"] for r in acme.get("/v1/runs").json["items"]} == {"acme"}
    for path in ("", "/status", "/events", "/audit"):
        expect(acme.get(f"/v1/jobs/{uuid['other']}{path}"), 404, "not_found")
    expect(acme.get(f"/v1/runs/{uuid['other']}"), 404, "not_found")
    expect(acme.post(f"/v1/jobs/{uuid['other']}/cancel", {}), 404, "not_found")
    expect(acme.post("/v1/jobs", {"workflow_key": "quick", "client_id": "other"}), 403, "forbidden")
    expect(acme.get("/v1/jobs?client_id=other"), 403, "forbidden")
    expect(as_role("admin").get("/v1/jobs/same-name"), 409, "ambiguous_job_id")
    assert as_role("admin").get("/v1/jobs/same-name?client_id=acme").json["id"] == uuid["acme"]


def test_an_idempotency_key_belongs_to_its_client(as_role):
    key = {"Idempotency-Key": "shared"}
    answers = [as_role(name).post("/v1/jobs", {"workflow_key": "quick"}, headers=key) for name in ("acme", "other")]
    assert [a.status for a in answers] == [202, 202] and answers[0].json["job_id"] != answers[1].json["job_id"]


def test_the_trail_names_who_did_it(server, as_role):
    job_id = as_role("acme").post("/v1/jobs", {"workflow_key": "quick"}).json["job_id"]
    server.await_end(job_id)
    first = server.trail(job_id)[0]
    assert (first["actor"], first["client_id"]) == ("acme", "acme")


def test_the_command_line_exits_with_4(server, troupe):
    cli = CommandLine(troupe, server)
    assert cli("job", "list").returncode == 4
    assert cli("job", "list", env={"TROUPE_TOKEN": KEYS["viewer"]}).returncode == 0
    assert cli("--token", KEYS["viewer"], "job", "submit", "quick").returncode == 4
    assert json.loads(cli("--json", "job", "list").stderr)["code"] == "unauthenticated"


def test_keys_appear_in_no_log(server, as_role):
    as_role("admin").get("/v1/jobs")
    HttpClient(server.url, "trp_" + "z" * 43).get("/v1/jobs")
    assert not any(key in server.log() for key in [*KEYS.values(), "z" * 43])
