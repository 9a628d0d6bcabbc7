"""A step that fails says why, by a code (docs/errors.md); the server goes on, and nothing that was accepted is lost."""

import socket

import pytest

from http_client import eventually

CONFIG = """
[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]

[exec.commands.gone]
program = "/no/such/program"

[exec.commands.locked]
program = "/etc/hostname"

[exec.commands.quick]
program = "/bin/sleep"
timeout = "300ms"
"""


@pytest.fixture
def server(make_server):
    return make_server(config=CONFIG).start()


def run_step(server, step_type, config, deadline=60, **step):
    """Runs one step as a job of its own, without retries; returns the job and its step."""
    step.setdefault("retry", {"max_attempts": 1})
    server.apply({"key": "one", "steps": [{"name": "it", "type": step_type, "config": config, **step}]})
    job = server.run("one", deadline=deadline)
    return job, job["steps"][0]


def expect_failure(server, code, said, step_type, config, **step):
    job, it = run_step(server, step_type, config, **step)
    assert (job["status"], it["status"]) == ("failed", "failed"), job
    assert job["error"]["code"] == it["error"]["code"] == code, job["error"]
    assert isinstance(job["error"]["retryable"], bool)
    assert said.lower() in job["error"]["message"].lower(), job["error"]
    last = server.trail(job["id"])[-1]
    assert (last["action"], last["details"]["error"]["code"]) == ("run.failed", code)
    assert server.http.get("/readyz").status == 200
    return job


# --- http ------------------------------------------------------------------------------------------------------------

def closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_a_target_that_refuses_is_http_failed(server):
    port = closed_port()
    expect_failure(server, "http_failed", f"127.0.0.1:{port}", "http", {"url": f"http://127.0.0.1:{port}/"})


def test_a_name_that_does_not_resolve_is_http_failed(server):
    expect_failure(server, "http_failed", "resolve", "http", {"url": "http://no-such-host.invalid/"})


def test_a_target_that_answers_500_is_http_status(server, receiver):
    expect_failure(server, "http_status", "500", "http", {"url": receiver.url + "/status/500"})
    assert len(receiver.requests) == 1


def test_an_expected_500_is_success(server, receiver):
    job, it = run_step(server, "http", {"url": receiver.url + "/status/500", "expect_status": 500})
    assert job["status"] == "success" and it["outputs"]["status"] == 500


def test_a_target_that_answers_too_late_is_a_failure_with_its_time(server, receiver):
    expect_failure(server, "step_timeout", "300ms", "http", {"url": receiver.url + "/slow/60", "timeout": "300ms"})


def test_a_step_above_its_timeout_is_step_timeout(server, receiver):
    expect_failure(server, "step_timeout", "", "http", {"url": receiver.url + "/slow/60"}, timeout="300ms")


def test_a_run_above_its_timeout_is_run_timeout(server, receiver):
    server.apply({"key": "long", "steps": [{"name": "it", "type": "http", "config": {"url": receiver.url + "/slow/60"}}]})
    job = server.run("long", timeout_seconds=0.5)
    assert (job["status"], job["error"]["code"]) == ("failed", "run_timeout")


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[fe80::1]/", "http://0xa9.0xfe.0xa9.0xfe/",
                                 "http://2852039166/"])
def test_a_forbidden_address_is_egress_forbidden(server, url):
    expect_failure(server, "egress_forbidden", "", "http", {"url": url})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"])
def test_another_scheme_is_refused(server, url):
    definition = {"key": "one", "steps": [{"name": "it", "type": "http", "config": {"url": url}}]}
    applied = server.http.post("/v1/workflows", definition)
    if applied.status == 422:
        assert applied.json["errors"][0]["pointer"] == "/steps/0/config/url"
        return
    job = server.run("one")
    assert job["status"] == "failed" and job["error"]["code"] in ("egress_forbidden", "invalid_config"), job


def test_a_failed_step_is_retried_by_its_policy_and_every_attempt_is_shown(server, receiver):
    policy = {"max_attempts": 3, "backoff": "exponential", "initial": "20ms", "max": "100ms"}
    job, it = run_step(server, "http", {"url": receiver.url + "/status/503"}, retry=policy)
    assert job["status"] == "failed" and len(receiver.requests) == 3
    assert [a["attempt"] for a in it["attempts"]] == [1, 2, 3]
    assert {a["error"]["code"] for a in it["attempts"]} == {"http_status"}
    assert len(set(receiver.keys())) == 1, "the same Idempotency-Key for every attempt"


# --- exec ------------------------------------------------------------------------------------------------------------

def test_a_command_that_is_not_listed_is_command_unknown(server):
    definition = {"key": "one", "steps": [{"name": "it", "type": "exec", "config": {"command": "rm"}}]}
    refused = server.http.post("/v1/workflows", definition)
    assert refused.status == 422 and [fault["pointer"] for fault in refused.json["errors"]] == ["/steps/0/config/command"]
    expect_failure(server, "command_unknown", "rm", "exec", {"command": "${ \"rm\" }"})


@pytest.mark.parametrize("command", ["gone", "locked"])
def test_a_program_that_cannot_be_started_is_command_missing(server, command):
    path = {"gone": "/no/such/program", "locked": "/etc/hostname"}[command]
    expect_failure(server, "command_missing", path, "exec", {"command": command})


def test_an_exit_code_is_command_failed(server):
    job = expect_failure(server, "command_failed", "7", "exec", {"command": "sh", "args": ["echo out; echo why >&2; exit 7"]})
    logs = server.http.get(f"/v1/runs/{job['execution_id']}/logs").body.decode()
    assert "why" in logs and "out" in logs


def test_a_signal_is_command_failed_and_named(server):
    job = expect_failure(server, "command_failed", "", "exec", {"command": "sh", "args": ["kill -SEGV $$"]})
    assert "SEGV" in job["error"]["message"] or "signal 11" in job["error"]["message"].lower(), job["error"]


def test_a_command_above_its_timeout_is_step_timeout(server):
    expect_failure(server, "step_timeout", "", "exec", {"command": "quick", "args": ["60"]})


def test_a_cancel_stops_a_command_that_ignores_term_and_its_children(server, tmp_path):
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 600 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; while :; do sleep 1; done"
    server.apply({"key": "stubborn", "steps": [{"name": "it", "type": "exec", "config": {"command": "sh", "args": [script]}}]})
    job_id = server.submit("stubborn")
    eventually(pids.exists, "the command runs")
    processes = [int(pid) for pid in pids.read_text().split()]
    assert server.http.post(f"/v1/jobs/{job_id}/cancel", {"reason": "enough"}).status == 202
    job = server.await_end(job_id, 20)
    assert job["status"] == "cancelled" and job["error"]["code"] == "cancelled" and "enough" in job["error"]["message"], job["error"]
    eventually(lambda: not any(is_running(pid) for pid in processes), "the process group has gone", 15)
    again = server.http.post(f"/v1/jobs/{job_id}/cancel", {})
    assert (again.status, again.json["code"]) == (409, "job_finished")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_command_sees_nothing_of_the_servers_environment(make_server):
    server = make_server(config=CONFIG, env={"SECRET_OF_THE_HOST": "do-not-tell"}).start()
    job, it = run_step(server, "exec", {"command": "sh", "args": ["env; cat /proc/$PPID/environ 2>/dev/null | head -c 0"]})
    assert job["status"] == "success" and "do-not-tell" not in it["outputs"]["stdout"]


# --- generate, transform ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("config, said", [({"count": 65}, "64"), ({"count": 0}, "count"), ({"width": 2049}, "2048"), ({"height": 63}, "64"),
                                          ({"seed": "seven"}, "seed")])
def test_a_picture_above_the_limits_is_refused_with_the_limit(server, config, said):
    config = {"prompt": "p", **config}
    answer = server.http.post("/v1/workflows", {"key": "draw", "steps": [{"name": "it", "type": "generate", "config": config}]})
    assert answer.status == 422 and said in str(answer.json["errors"]), answer


def test_a_picture_whose_size_comes_from_inputs_is_refused_when_it_is_known(server):
    server.apply({"key": "draw", "steps": [{"name": "it", "type": "generate",
                                           "config": {"prompt": "p", "count": "${ .inputs.count }", "width": "${ .inputs.width }"}}]})
    job = server.run("draw", {"count": 65, "width": 4096})
    assert job["error"]["code"] == "invalid_config", job["error"]
    assert "count" in job["error"]["message"] and "64" in job["error"]["message"]
    assert "width" in job["error"]["message"] and "2048" in job["error"]["message"], "all faults at once"


def test_a_failing_expression_names_itself(server):
    job = expect_failure(server, "expression_failed", ".inputs.text", "transform", {"value": {"deep": ["${ .inputs.text | ascii_downcase }"]}})
    assert "/value/deep/0" in job["error"]["message"], "the place of the expression in the config"


def test_an_endless_expression_is_stopped(server):
    expect_failure(server, "expression_failed", "", "transform", {"value": "${ def f: f; f }"})


def test_an_expression_that_gives_too_much_is_stopped(server):
    job, _ = run_step(server, "transform", {"value": "${ [range(20000000)] }"})
    assert job["status"] == "failed" and job["error"]["code"] in ("output_too_large", "expression_failed"), job


def test_compensation_runs_in_reverse_after_a_failure(server, receiver):
    def step(name):
        return {"name": name, "type": "http", "retry": {"max_attempts": 1}, "config": {"url": f"{receiver.url}/do/{name}"},
                "compensate": {"type": "http", "config": {"url": f"{receiver.url}/undo/{name}"}}}
    server.apply({"key": "saga", "steps": [step("a"), step("b"), {"name": "c", "type": "exec", "retry": {"max_attempts": 1},
                                                           "config": {"command": "sh", "args": ["exit 1"]}}]})
    job = server.run("saga")
    assert (job["status"], job["error"]["code"]) == ("failed", "command_failed")
    assert [r.path for r in receiver.requests] == ["/do/a", "/do/b", "/undo/b", "/undo/a"]
