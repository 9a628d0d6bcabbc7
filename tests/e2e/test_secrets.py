"""A secret reaches the program and the server it is meant for, and nothing else: no file, answer, event, log or metric."""

import base64
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from http_client import eventually

TOKEN = 'tök"en-8c1f/2 &x'
KEY = "key-0123456789abcdef"

CONFIG = """
[log]
level = "debug"

[exec.commands.sh]
program = "/bin/sh"
args = ["-c"]

[secrets]
TOKEN = {env = "SHOP_TOKEN"}
KEY = {file = "%s"}
"""

SAY = r"""
printf 'token %s and ' "$TOKEN"; sleep 0.2; printf '%s\n' "$KEY"
printf 'troupe:progress 0.5 with %s\n' "$TOKEN" >&2
printf '%s' "$KEY" | base64 >&2
cat
"""

WORKFLOW = {
    "key": "call",
    "defaults": {"retry": {"max_attempts": 1}},
    "steps": [
        {"name": "ask", "type": "http",
         "config": {"url": "${ .inputs.url }/p/${secret:KEY}?key=${secret:KEY}",
                    "headers": {"Authorization": "Bearer ${secret:TOKEN_ASCII}", "X-Key": "${secret:KEY}"},
                    "body": {"text": "${ .inputs.text }", "key": "${secret:KEY}"}}},
        {"name": "say", "type": "exec",
         "config": {"command": "sh", "args": [SAY], "env": {"TOKEN": "${secret:TOKEN}", "KEY": "${secret:KEY}"},
                    "stdin": "in: ${secret:TOKEN}\n"}},
        {"name": "fail", "type": "exec", "when": "${ .inputs.then == \"fail\" }",
         "config": {"command": "sh", "args": ["echo \"it was $KEY\" >&2; exit 3"], "env": {"KEY": "${secret:KEY}"}}},
        {"name": "refuse", "type": "http", "when": "${ .inputs.then == \"refuse\" }",
         "config": {"url": "http://127.0.0.1:1/${secret:KEY}/x"}},
    ],
    "outputs": {"said": "${ .steps.say.stdout }", "answer": "${ .steps.ask.body }"},
}


def shapes(value):
    """How a value could be written down."""
    encoded = base64.b64encode(value.encode()).decode().rstrip("=")
    return [value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], urllib.parse.quote(value, safe=""),
            encoded[:-1]]


@pytest.fixture
def echo():
    """Answers with what it was sent."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            requests.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
            said = json.dumps(requests[-1]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Echo", self.headers.get("X-Key", ""))
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.url = requests, f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(make_server, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    config = CONFIG % key_file + 'TOKEN_ASCII = {env = "SHOP_ASCII"}\n'
    made = make_server(config=config, env={"SHOP_TOKEN": TOKEN, "SHOP_ASCII": "ascii-token-77"}).start()
    made.key_file = key_file
    made.apply(WORKFLOW)
    return made


def collect_events(server, path):
    """What a stream says, piece by piece, until the server ends."""
    pieces, begun = [], threading.Event()

    def read():
        with server.http.raw(timeout=120) as connection:
            connection.send(f"GET {path} HTTP/1.1\r\nHost: troupe\r\nAccept: text/event-stream\r\n\r\n".encode())
            pieces.append(connection.read_until(b"\r\n\r\n"))
            begun.set()
            while piece := connection.socket.recv(65536):
                pieces.append(piece)

    threading.Thread(target=read, daemon=True).start()
    assert begun.wait(30)
    return pieces


def all_answers(server, job):
    run = job["execution_id"]
    paths = [f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/status", f"/v1/jobs/{job['id']}/audit?limit=500", f"/v1/runs/{run}",
             f"/v1/runs/{run}/logs", "/v1/jobs?limit=500", "/v1/runs?limit=500", "/v1/audit?limit=500", "/v1/workflows/call",
             "/v1/meta", "/metrics", "/readyz"]
    return {path: server.http.get(path).body.decode(errors="replace") for path in paths}


def assert_nowhere(server, places):
    for name in server.data_dir.rglob("*"):
        if name.is_file():
            places[str(name)] = name.read_bytes().decode(errors="replace")
    places["server's log"] = server.log()
    places["server's output"] = server.out_file.read_text()
    for value in (TOKEN, KEY, "ascii-token-77"):
        for shape in shapes(value):
            found = [place for place, text in places.items() if shape in text]
            assert not found, (shape, found)


def test_secrets_reach_whom_they_are_for_and_nobody_else(server, echo):
    events = collect_events(server, "/v1/events")
    job = server.run("call", {"url": echo.url, "text": "say ${secret:KEY}"})
    assert job["status"] == "success", job
    sent = echo.requests[0]
    assert sent["headers"]["Authorization"] == "Bearer ascii-token-77"
    assert sent["headers"]["X-Key"] == KEY
    assert sent["path"] == f"/p/{KEY}?key={KEY}"
    assert sent["body"] == {"text": "say ${secret:KEY}", "key": KEY}, "what clients write is text"
    assert job["outputs"]["said"] == "token *** and ***\nin: ***\n"
    assert job["outputs"]["answer"]["headers"]["X-Key"] == "***"
    assert job["steps"][0]["outputs"]["headers"]["x-echo"] == "***"

    eventually(lambda: b"run.completed" in b"".join(events), "the stream tells of the end")
    text = b"".join(events).decode()
    assert "token *** and ***" in text and "with ***" in text
    assert_nowhere(server, {"events": text, "job's events": server.http.get(f"/v1/jobs/{job['id']}/events").body.decode(),
                            **all_answers(server, job)})
    server.stop()
    assert_nowhere(server, {})


@pytest.mark.parametrize("then, code, said", [("fail", "command_failed", "it was ***"), ("refuse", "http_failed", "127.0.0.1:1")])
def test_secrets_are_in_no_error(server, echo, then, code, said):
    job = server.run("call", {"url": echo.url, "text": "", "then": then})
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert said in job["error"]["message"]
    assert_nowhere(server, all_answers(server, job))


def test_a_rotated_file_counts_without_a_restart(server, echo):
    server.run("call", {"url": echo.url, "text": ""})
    server.key_file.write_text("a-new-key-9876\n")
    server.run("call", {"url": echo.url, "text": ""})
    assert [request["body"]["key"] for request in echo.requests] == [KEY, "a-new-key-9876"]


def test_a_definition_may_name_a_secret_that_the_server_does_not_have(server):
    server.apply({"key": "none", "steps": [{"name": "it", "type": "exec", "config": {"command": "sh", "args": ["${secret:NONE}"]}}]})
    job = server.run("none")
    assert (job["error"]["code"], job["error"]["retryable"]) == ("unknown_secret", False)
    assert '"NONE"' in job["error"]["message"]


def test_a_secret_may_stand_in_configs_only(server):
    answer = server.http.post("/v1/workflows", {
        "key": "bad", "steps": [{"name": "it", "type": "transform", "config": {"value": "${secret:KEY}"}, "when": "${secret:KEY}"}]})
    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/steps/0/config/value", "/steps/0/when"]


def test_a_server_does_not_start_without_its_secrets(make_server):
    server = make_server(config='[secrets]\nA = {env = "NOT_SET"}\nB = {file = "/no/such/file"}\n').launch()
    assert server.wait() == 2
    assert "secrets.A: the environment variable NOT_SET is not set" in server.log()
    assert "secrets.B: the file /no/such/file cannot be opened" in server.log()
